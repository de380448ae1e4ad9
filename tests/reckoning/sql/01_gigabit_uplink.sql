-- gigabit_uplink: the uplink negotiated 1000 Mbit/s, and within 7 days a conclusive test carried 90 % of it both ways.
CREATE TEMP TABLE uplinks AS
SELECT u.school, u.day,
       max(u.value) AS up,
       max(CASE WHEN u.value = 1 THEN coalesce(s.value, 0) * 8 ELSE 0 END) AS bits,
       sum(u.value = 1 AND s.value IS NULL) AS without_speed
FROM said u
LEFT JOIN readings s ON s.run = u.run AND s.measure = 'uplink_speed_bytes' AND s.port = u.port
WHERE u.measure = 'uplink_up' AND u.age <= 18000 AND u.outcome = 'ok'
GROUP BY u.school, u.day;

CREATE TEMP TABLE switches_silent AS
SELECT school, day, count(*) AS silent FROM latest
WHERE probe = 'ports' AND (outcome <> 'ok' OR age > 18000) GROUP BY school, day;

CREATE TEMP TABLE every_test AS
SELECT r.school, r.at, q.direction, q.value * 8 AS bits,
       EXISTS (SELECT 1 FROM readings l WHERE l.run = r.run AND l.measure = 'uplink_throughput_limit'
               AND l.direction = q.direction AND l."limit" = 'path') AS conclusive
FROM readings q JOIN runs r USING (run) WHERE q.measure = 'uplink_throughput_bytes_per_second';
CREATE INDEX temp.every_test_key ON every_test (school, at);

CREATE TEMP TABLE tests AS
SELECT m.school, m.day, t.direction, t.bits, t.conclusive
FROM moments m JOIN every_test t ON t.school = m.school AND t.at <= m.now AND t.at >= m.now - 7 * 86400;

CREATE TEMP TABLE ways AS
SELECT school, day,
       max(CASE WHEN direction = 'download' THEN bits END) AS down, max(CASE WHEN direction = 'upload' THEN bits END) AS up,
       sum(direction = 'download' AND bits >= 0.9e9) > 0 AS down_enough,
       sum(direction = 'upload' AND bits >= 0.9e9) > 0 AS up_enough,
       sum(direction = 'download' AND bits < 0.9e9 AND conclusive) > 0 AS down_low,
       sum(direction = 'upload' AND bits < 0.9e9 AND conclusive) > 0 AS up_low
FROM tests GROUP BY school, day;

INSERT INTO judged
SELECT m.school, m.day, m.n, 'gigabit_uplink',
  CASE
    WHEN u.school IS NULL THEN 'unknown'
    WHEN u.bits >= 1e9 THEN
      CASE WHEN w.down_enough AND w.up_enough THEN 'met'
           WHEN (NOT w.down_enough AND w.down_low) OR (NOT w.up_enough AND w.up_low) THEN 'unmet'
           ELSE 'unknown' END
    WHEN s.silent > 0 OR u.without_speed > 0 THEN 'unknown'
    ELSE 'unmet'
  END,
  CASE WHEN u.bits >= 1e9 THEN min(w.down, w.up) END,
  min(w.down, w.up) / 0.9e9
FROM moments m
LEFT JOIN uplinks u USING (school, day)
LEFT JOIN switches_silent s USING (school, day)
LEFT JOIN ways w USING (school, day);
