-- The district's services: available in 99 % of the school hours of the window, and fit for their use on days that make
-- up 90 % of them. What nobody measured bounds both.
CREATE TEMP TABLE systems (system TEXT PRIMARY KEY);
INSERT INTO systems VALUES ('exam_marking'), ('lecture_recording'), ('video_on_demand'), ('video_conference'), ('live_streaming');

CREATE TABLE availability AS
SELECT d.school, d.day, d.n, s.system, sum(d.seconds) AS hours,
       sum(coalesce(CASE WHEN d.is_today THEN h.seconds_so_far ELSE h.seconds END, 0)) AS measured,
       sum(coalesce(CASE WHEN d.is_today THEN h.total_so_far ELSE h.total END, 0)) AS up
FROM window_days d CROSS JOIN systems s
LEFT JOIN day_hours h ON h.school = d.school AND h.day = d.past AND h.measure = 'service_up' AND h.system = s.system
GROUP BY d.school, d.day, s.system;

-- What a day's mean must not pass, and the best that hours could have been which nobody watched. For the live stream more
-- is better, and it must be above.
CREATE TEMP TABLE limits (system TEXT, measure TEXT, at_most REAL, above REAL, best REAL);
INSERT INTO limits VALUES
  ('video_on_demand', 'service_sample_stall_seconds', 0.1, NULL, 0),
  ('video_conference', 'service_loss_ratio', 0.01, NULL, 0),
  ('video_conference', 'service_jitter_seconds', 0.03, NULL, 0),
  ('video_conference', 'service_round_trip_seconds', 0.3, NULL, 0),
  ('live_streaming', 'service_delivery_ratio', NULL, 1.0, 2.0);

CREATE TEMP TABLE fit_days AS
SELECT d.school, d.day, l.system, l.measure, d.seconds, l.at_most, l.above, l.best,
       CASE WHEN d.is_today THEN h.seconds_so_far ELSE h.seconds END AS watched,
       CASE WHEN d.is_today THEN h.total_so_far ELSE h.total END AS total
FROM window_days d CROSS JOIN limits l
LEFT JOIN day_hours h ON h.school = d.school AND h.day = d.past AND h.measure = l.measure AND h.system = l.system;

-- Of a day that keeps the limit the watched hours are good; another is bad when even the best of the rest leaves it so.
CREATE TEMP TABLE fits AS
SELECT school, day, system, measure,
  sum(CASE WHEN watched > 0 AND coalesce(total / watched <= at_most, total / watched > above) THEN watched ELSE 0 END)
    / sum(seconds) AS lowest,
  1 - sum(CASE WHEN watched > 0 AND NOT coalesce(total / watched <= at_most, total / watched > above)
           AND NOT coalesce((total + best * max(0, seconds - watched)) / max(seconds, watched) <= at_most,
                            (total + best * max(0, seconds - watched)) / max(seconds, watched) > above)
      THEN seconds ELSE 0 END) / sum(seconds) AS highest
FROM fit_days GROUP BY school, day, system, measure;

CREATE TEMP TABLE fit AS
SELECT school, day, system, min(lowest) AS lowest, min(highest) AS highest FROM fits GROUP BY school, day, system;
CREATE INDEX temp.fit_key ON fit (school, day, system);

-- The school's own recording hosts, each of which must be up. 0 is down, NULL unknown.
CREATE TEMP TABLE hosts AS
SELECT m.school, m.day,
  (SELECT count(*) FROM equipment e WHERE e.system = 'recording' AND e.school = m.school AND e.day = m.day AND e.state = 'works') AS up,
  (SELECT count(*) FROM equipment e WHERE e.system = 'recording' AND e.school = m.school AND e.day = m.day AND e.state = 'down') AS down,
  (SELECT count(*) FROM equipment e WHERE e.system = 'recording' AND e.school = m.school AND e.day = m.day AND e.state = 'unknown')
  + (SELECT count(*) FROM not_probed p WHERE p.system = 'recording' AND p.school = m.school AND p.day = m.day) AS unsure
FROM moments m;
CREATE INDEX temp.hosts_key ON hosts (school, day);

CREATE TEMP TABLE parts AS
SELECT a.school, a.day, a.n, a.system, a.up / a.hours AS lowest,
  (a.up + max(0, a.hours - a.measured)) / a.hours AS highest, a.measured,
  coalesce(f.lowest, 1) AS fit_lowest, coalesce(f.highest, 1) AS fit_highest,
  a.system <> 'lecture_recording' OR (h.up >= 1 AND h.unsure = 0 AND h.down = 0) AS hosts_up,
  a.system = 'lecture_recording' AND h.down > 0 AS hosts_down
FROM availability a JOIN moments m USING (school, day)
LEFT JOIN fit f USING (school, day, system)
LEFT JOIN hosts h USING (school, day)
WHERE NOT (a.system = 'exam_marking' AND m.stage = 'kindergarten');

INSERT INTO judged
SELECT school, day, n, system,
  CASE WHEN measured > 0 AND (highest < 0.99 OR fit_highest < 0.9) OR hosts_down THEN 'unmet'
       WHEN measured > 0 AND lowest >= 0.99 AND fit_lowest >= 0.9 AND hosts_up THEN 'met'
       ELSE 'unknown' END,
  lowest, min(lowest / 0.99, fit_lowest / 0.9)
FROM parts;
