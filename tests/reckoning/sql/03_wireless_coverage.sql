-- wireless_coverage: teaching places with a working access point / all teaching places = 100 %.
CREATE TEMP TABLE controllers AS
SELECT l.school, l.day, count(*) AS controllers,
       sum(l.outcome <> 'ok' OR l.age > 18000) AS silent,
       sum(EXISTS (SELECT 1 FROM readings a JOIN readings b ON b.run = a.run AND b.measure = 'rows_expected'
                   AND b."table" = a."table"
                   WHERE a.run = l.run AND a.measure = 'rows_seen' AND a.value < b.value)) AS incomplete
FROM latest l WHERE l.probe = 'wireless' GROUP BY l.school, l.day;

-- An access point's place: what the agent says, else the roster's device of that name or address. State: 1, 0 or NULL.
CREATE TABLE points AS
SELECT s.school, s.day, s.ap, s.ap_id, u.value AS up,
       CASE WHEN s.place_key <> '' THEN s.place_key
            ELSE (SELECT d.place_key FROM listed d WHERE d.system = 'wireless' AND d.school = s.school
                  AND d.day = s.day AND d.id_key IN (s.ap_key, s.ap_id_key)) END AS place_key
FROM said s
LEFT JOIN readings u ON u.run = s.run AND u.measure = 'wireless_access_point_up' AND u.ap = s.ap AND u.ap_id = s.ap_id
WHERE s.measure = 'wireless_access_point_state' AND s.age <= 18000;

CREATE INDEX points_key ON points (school, day, place_key);

CREATE TABLE wireless_places AS
SELECT t.school, t.day, t.place_key,
       coalesce(max(p.up = 1), 0) AS served,
       coalesce(max(p.ap IS NOT NULL AND p.up IS NULL), 0) AS unsure
FROM teaching t
LEFT JOIN points p ON p.school = t.school AND p.day = t.day AND p.place_key = t.place_key
GROUP BY t.school, t.day, t.place_key;

CREATE TABLE wireless_doubt AS
SELECT m.school, m.day, coalesce(c.controllers, 0) AS controllers,
       coalesce(c.silent, 0) AS silent, coalesce(c.incomplete, 0) AS incomplete,
       (SELECT count(*) FROM points p WHERE p.school = m.school AND p.day = m.day) AS points,
       (SELECT count(*) FROM points p WHERE p.school = m.school AND p.day = m.day AND coalesce(p.up, 1) = 1
        AND (p.place_key IS NULL OR p.place_key = '')) AS anywhere
FROM moments m LEFT JOIN controllers c USING (school, day);

CREATE INDEX wireless_places_key ON wireless_places (school, day, place_key);

CREATE TEMP TABLE wireless_sum AS
SELECT t.school, t.day, count(*) AS places, sum(t.served) AS served,
       sum(NOT t.served AND (t.unsure OR d.silent > 0 OR d.incomplete > 0 OR d.points = 0)) AS unsure, max(d.anywhere) AS anywhere
FROM wireless_places t JOIN wireless_doubt d USING (school, day) GROUP BY t.school, t.day;

INSERT INTO judged
SELECT m.school, m.day, m.n, 'wireless_coverage',
  CASE
    WHEN coalesce(w.places, 0) = 0 THEN 'unknown'
    WHEN w.served = w.places THEN 'met'
    WHEN d.controllers = 0 OR d.points = 0 THEN 'unknown'
    WHEN w.anywhere = 0 AND w.served + w.unsure < w.places THEN 'unmet'
    ELSE 'unknown'
  END, NULL, NULL
FROM moments m
LEFT JOIN wireless_sum w USING (school, day)
LEFT JOIN wireless_doubt d USING (school, day);
