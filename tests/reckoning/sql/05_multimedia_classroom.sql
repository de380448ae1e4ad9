-- multimedia_classroom: classes with a working display / all classes = 100 %. Spare rooms give bounds.
CREATE TEMP TABLE rooms AS
SELECT t.school, t.day, t.place_key FROM teaching t
WHERE t.kind = 'classroom'
  AND (t.class_name <> '' OR NOT EXISTS (
    SELECT 1 FROM teaching o WHERE o.school = t.school AND o.day = t.day AND o.class_name <> ''));
CREATE INDEX temp.rooms_key ON rooms (school, day, place_key);

CREATE TEMP TABLE room_states AS
SELECT r.school, r.day, r.place_key, coalesce(max(e.state = 'works'), 0) AS works,
       coalesce(max(e.state = 'unknown'), 0)
       OR EXISTS (SELECT 1 FROM not_probed p WHERE p.system = 'multimedia' AND p.school = r.school AND p.day = r.day
                  AND p.place_key = r.place_key) AS unsure
FROM rooms r
LEFT JOIN equipment e ON e.system = 'multimedia' AND e.school = r.school AND e.day = r.day AND e.place_key = r.place_key
GROUP BY r.school, r.day, r.place_key;
CREATE INDEX temp.room_states_key ON room_states (school, day);

CREATE TEMP TABLE classes AS
SELECT m.school, m.day, m.n, m.classes, count(r.place_key) AS rooms, coalesce(sum(r.works), 0) AS works,
       coalesce(sum(NOT r.works AND r.unsure), 0) AS unsure,
       (SELECT count(*) FROM equipment e WHERE e.system = 'multimedia' AND e.school = m.school AND e.day = m.day
        AND e.state <> 'down' AND NOT EXISTS (
          SELECT 1 FROM places p WHERE p.school = m.school AND p.since = m.since AND p.place_key = e.place_key)) AS anywhere,
       (SELECT count(*) FROM equipment e WHERE e.system = 'multimedia' AND e.school = m.school AND e.day = m.day
        AND e.age <= 18000) AS fresh
FROM moments m LEFT JOIN room_states r USING (school, day)
GROUP BY m.school, m.day;

INSERT INTO judged
SELECT school, day, n, 'multimedia_classroom',
  CASE
    WHEN classes = 0 OR fresh = 0 THEN 'unknown'
    WHEN max(0, works - max(0, rooms - classes)) >= classes THEN 'met'
    WHEN min(classes, works + unsure + anywhere + max(0, classes - rooms)) < classes THEN 'unmet'
    ELSE 'unknown'
  END, NULL, NULL
FROM classes;
