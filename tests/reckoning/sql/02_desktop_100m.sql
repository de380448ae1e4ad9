-- desktop_100m: every access port that had a link in 7 days carried 100 Mbit/s at its best of them.
CREATE TEMP TABLE port_runs AS
SELECT r.school, r.device, r.at, q.port, q.ifindex, CASE WHEN q.measure = 'access_port_speed_bytes' THEN q.value * 8 END AS bits
FROM readings q JOIN runs r USING (run) WHERE q.measure IN ('access_port_speed_bytes', 'access_port_without_speed');
CREATE INDEX temp.port_runs_key ON port_runs (school, device, at);

CREATE TEMP TABLE port_best AS
SELECT l.school, l.day, l.device, p.port, p.ifindex, max(p.bits) AS bits
FROM latest l
JOIN port_runs p ON p.school = l.school AND p.device = l.device AND p.at <= l.now AND p.at >= l.now - 7 * 86400
WHERE l.probe = 'ports'
GROUP BY l.school, l.day, l.device, p.port, p.ifindex;

CREATE TEMP TABLE ports_sum AS
SELECT school, day, count(*) AS ports, sum(bits < 1e8) AS slow, sum(bits IS NULL) AS unsure
FROM port_best GROUP BY school, day;

INSERT INTO judged
SELECT m.school, m.day, m.n, 'desktop_100m',
  CASE
    WHEN NOT EXISTS (SELECT 1 FROM latest l WHERE l.school = m.school AND l.day = m.day AND l.probe = 'ports'
                     AND l.age <= 18000) THEN 'unknown'
    WHEN p.slow > 0 THEN 'unmet'
    WHEN coalesce(p.ports, 0) = 0 OR p.unsure > 0 OR s.silent > 0 THEN 'unknown'
    ELSE 'met'
  END, NULL, NULL
FROM moments m
LEFT JOIN ports_sum p USING (school, day)
LEFT JOIN switches_silent s USING (school, day);
