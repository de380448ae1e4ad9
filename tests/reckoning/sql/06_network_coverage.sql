-- network_coverage: teaching places with a working access point or a port that had a link in 7 days / all = 100 %.
CREATE TEMP TABLE wired AS
SELECT s.school, s.day, s.device, s.port, s.ifindex, s.place_key, s.now, s.age,
       coalesce((SELECT u.value FROM readings u WHERE u.run = s.run AND u.measure = 'port_up' AND u.port = s.port
                 AND u.ifindex = s.ifindex), 0) AS up
FROM said s WHERE s.measure = 'port_info' AND s.role = 'access' AND s.age <= 18000 AND s.outcome = 'ok';

CREATE INDEX temp.wired_key ON wired (school, day, place_key);

-- Every moment at which a port of a place had a link.
CREATE TEMP TABLE links AS
SELECT r.school, r.device, q.place_key, r.at FROM readings q JOIN runs r USING (run)
WHERE q.measure IN ('access_port_speed_bytes', 'access_port_without_speed');
CREATE INDEX temp.links_key ON links (school, place_key, at);

-- A switch that does not answer now proves nothing, whatever it said before.
CREATE TEMP TABLE wired_places AS
SELECT t.school, t.day, t.place_key,
  EXISTS (SELECT 1 FROM wired w WHERE w.school = t.school AND w.day = t.day AND w.place_key = t.place_key) AS has_port,
  EXISTS (SELECT 1 FROM wired w WHERE w.school = t.school AND w.day = t.day AND w.place_key = t.place_key AND w.up = 1)
  OR EXISTS (SELECT 1 FROM links k WHERE k.school = t.school AND k.place_key = t.place_key
             AND k.at <= m.now AND k.at >= m.now - 7 * 86400 AND EXISTS (
               SELECT 1 FROM latest l WHERE l.school = t.school AND l.day = t.day AND l.probe = 'ports'
               AND l.device = k.device AND l.outcome = 'ok' AND l.age <= 18000)) AS had_link
FROM teaching t JOIN moments m USING (school, day);

CREATE TEMP TABLE network AS
SELECT m.school, m.day, m.n, count(t.place_key) AS places,
       sum(w.served OR (t.had_link)) AS served,
       sum(NOT w.served AND NOT t.had_link AND (w.unsure OR t.has_port)) AS unsure
FROM moments m
JOIN wired_places t USING (school, day)
JOIN wireless_places w USING (school, day, place_key)
GROUP BY m.school, m.day;

INSERT INTO judged
SELECT m.school, m.day, m.n, 'network_coverage',
  CASE
    WHEN coalesce(w.places, 0) = 0 THEN 'unknown'
    WHEN NOT EXISTS (SELECT 1 FROM latest l WHERE l.school = m.school AND l.day = m.day
                     AND l.probe IN ('ports', 'wireless') AND l.age <= 18000) THEN 'unknown'
    WHEN w.served = w.places THEN 'met'
    WHEN d.controllers = 0 OR d.silent > 0 OR d.incomplete > 0 OR d.points = 0 THEN 'unknown'
    WHEN NOT EXISTS (SELECT 1 FROM latest l WHERE l.school = m.school AND l.day = m.day AND l.probe = 'ports')
      OR EXISTS (SELECT 1 FROM latest l WHERE l.school = m.school AND l.day = m.day AND l.probe = 'ports'
                 AND (l.outcome <> 'ok' OR l.age > 18000)) THEN 'unknown'
    WHEN d.anywhere > 0 THEN 'unknown'
    WHEN w.served + w.unsure + (
      SELECT count(*) FROM wired p WHERE p.school = m.school AND p.day = m.day AND p.up = 1 AND p.place_key = '') < w.places
      THEN 'unmet'
    ELSE 'unknown'
  END, NULL, NULL
FROM moments m
LEFT JOIN network w USING (school, day)
LEFT JOIN wireless_doubt d USING (school, day);
