-- cctv_coverage, surveillance_coverage, broadcast_coverage: teaching places with a working device / all = 100 %.
CREATE TEMP TABLE av_systems (system TEXT PRIMARY KEY);
INSERT INTO av_systems VALUES ('cctv'), ('surveillance'), ('broadcast');

-- A place whose working device another source calls broken is unknown, unless the roster lists two devices there.
CREATE TEMP TABLE av_places AS
SELECT t.school, t.day, t.place_key, s.system,
  coalesce(max(e.state = 'works'), 0) AS works,
  coalesce(max(e.state = 'works'), 0) AND coalesce(max(e.state = 'down' AND e.up IS NOT NULL), 0) AND (
    SELECT count(*) FROM listed d WHERE d.system = s.system AND d.school = t.school AND d.day = t.day
    AND d.place_key = t.place_key) < 2 AS disputed,
  coalesce(max(e.state = 'unknown'), 0)
  OR EXISTS (SELECT 1 FROM not_probed p WHERE p.system = s.system AND p.school = t.school AND p.day = t.day
             AND p.place_key = t.place_key) AS unsure
FROM teaching t CROSS JOIN av_systems s
LEFT JOIN equipment e ON e.system = s.system AND e.school = t.school AND e.day = t.day AND e.place_key = t.place_key
GROUP BY t.school, t.day, t.place_key, s.system;

-- The head-ends of television and broadcast stand where nobody teaches: without a working one no place is covered.
CREATE TEMP TABLE elsewhere AS
SELECT m.school, m.day, p.place_key FROM moments m JOIN places p ON p.school = m.school AND p.since = m.since
WHERE NOT p.teaching;
CREATE INDEX temp.elsewhere_key ON elsewhere (school, day);

CREATE TEMP TABLE heads AS
SELECT w.school, w.day, s.system, sum(h.state = 'works') AS works, sum(h.state = 'unknown') AS unsure, count(h.state) AS heads
FROM elsewhere w CROSS JOIN (SELECT 'cctv' AS system UNION SELECT 'broadcast') s
LEFT JOIN (
  SELECT system, school, day, place_key, state FROM equipment
  UNION ALL SELECT system, school, day, place_key, 'unknown' FROM not_probed
) h ON h.system = s.system AND h.school = w.school AND h.day = w.day AND h.place_key = w.place_key
GROUP BY w.school, w.day, s.system;

CREATE TEMP TABLE av AS
SELECT p.school, p.day, p.system, count(*) AS places,
       sum(p.works AND NOT p.disputed AND (coalesce(h.heads, 0) = 0 OR h.works > 0)) AS served,
       sum((p.disputed OR (NOT p.works AND p.unsure)) AND (coalesce(h.heads, 0) = 0 OR h.works + h.unsure > 0)
           OR (p.works AND NOT p.disputed AND coalesce(h.works, 1) = 0 AND h.unsure > 0)) AS unsure,
       max(coalesce(h.heads > 0 AND h.works + h.unsure = 0, 0)) AS dead
FROM av_places p LEFT JOIN heads h USING (school, day, system)
GROUP BY p.school, p.day, p.system;
CREATE INDEX temp.av_key ON av (school, day, system);

INSERT INTO judged
SELECT m.school, m.day, m.n, s.system || '_coverage',
  CASE
    WHEN coalesce(a.places, 0) = 0 THEN 'unknown'
    WHEN NOT EXISTS (SELECT 1 FROM equipment e WHERE e.system = s.system AND e.school = m.school AND e.day = m.day
                     AND e.age <= 18000) THEN 'unknown'
    WHEN a.served = a.places THEN 'met'
    WHEN a.dead THEN 'unmet'
    WHEN a.served + a.unsure + (
      SELECT count(*) FROM equipment e WHERE e.system = s.system AND e.school = m.school AND e.day = m.day
      AND e.state <> 'down' AND NOT EXISTS (
        SELECT 1 FROM places p WHERE p.school = m.school AND p.since = m.since AND p.place_key = e.place_key)) < a.places
      THEN 'unmet'
    ELSE 'unknown'
  END, NULL, NULL
FROM moments m CROSS JOIN av_systems s
LEFT JOIN av a USING (school, day, system);
