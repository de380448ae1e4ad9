-- man_performance: days within the limits of loss, jitter and round trip make up 90 % of the window's school hours.
CREATE TEMP TABLE man_limits (measure TEXT, at_most REAL);
INSERT INTO man_limits VALUES ('path_loss_ratio', 0.01), ('path_jitter_seconds', 0.01), ('path_round_trip_seconds', 0.02);

CREATE TEMP TABLE man_days AS
SELECT d.school, d.day, l.measure, d.seconds, l.at_most,
       CASE WHEN d.is_today THEN h.seconds_so_far ELSE h.seconds END AS watched,
       CASE WHEN d.is_today THEN h.total_so_far ELSE h.total END AS total
FROM window_days d CROSS JOIN man_limits l
LEFT JOIN day_hours h ON h.school = d.school AND h.day = d.past AND h.measure = l.measure;

CREATE TEMP TABLE man_fits AS
SELECT school, day, measure,
  sum(CASE WHEN watched > 0 AND total / watched <= at_most THEN watched ELSE 0 END) / sum(seconds) AS lowest,
  1 - sum(CASE WHEN watched > 0 AND total / watched > at_most AND total / max(seconds, watched) > at_most
           THEN seconds ELSE 0 END) / sum(seconds) AS highest
FROM man_days GROUP BY school, day, measure;

CREATE TEMP TABLE man AS
SELECT school, day, min(lowest) AS lowest, min(highest) AS highest FROM man_fits GROUP BY school, day;
CREATE INDEX temp.man_key ON man (school, day);

INSERT INTO judged
SELECT m.school, m.day, m.n, 'man_performance',
  CASE WHEN f.highest < 0.9 THEN 'unmet' WHEN f.lowest >= 0.9 THEN 'met' ELSE 'unknown' END,
  f.lowest, f.lowest / 0.9
FROM moments m LEFT JOIN man f USING (school, day);
