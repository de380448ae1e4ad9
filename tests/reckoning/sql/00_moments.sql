-- What each school day is about: the roster of the day, the moment, and of each device the last run.

-- A school day ends at the school's last run of that day, or at midnight when there was none; then what was measured on
-- the last day before on which anything was speaks for it.
-- That midnight is already the next day's, so that its windows are too.
CREATE TABLE moments AS
SELECT *, now >= midnight AS is_over, date(day, CASE WHEN now >= midnight THEN '+1 day' ELSE '+0 days' END) AS today,
       n + (now >= midnight) AS today_n
FROM (
SELECT s.*, c.day AS day, c.n AS n, c.opens, c.closes, c.midnight,
       (SELECT max(r.day) FROM runs r WHERE r.school = s.school AND r.day <= c.day) AS data_day,
       coalesce((SELECT max(r.at) FROM runs r WHERE r.school = s.school AND r.day = c.day), c.midnight) AS now
FROM calendar c
JOIN schools s ON c.day >= s.since AND c.day < s.until
WHERE c.is_school
);
CREATE UNIQUE INDEX moments_key ON moments (school, day);

CREATE TABLE latest AS
SELECT * FROM (
  SELECT m.school, m.day, m.now, m.now - r.at AS age, r.run, r.probe, r.device, r.device_key, r.at, r.outcome,
         row_number() OVER (PARTITION BY m.school, m.day, r.probe, r.device ORDER BY r.at DESC) AS back
  FROM moments m JOIN runs r ON r.school = m.school AND r.day = m.data_day
) WHERE back = 1;
CREATE INDEX latest_key ON latest (school, day, probe);

-- Readings of the latest runs.
CREATE TABLE said AS
SELECT l.school, l.day, l.now, l.age, l.probe, l.device, l.device_key, l.outcome, l.at, q.*
FROM latest l JOIN readings q ON q.run = l.run;
CREATE INDEX said_key ON said (measure, school, day);

CREATE TABLE teaching AS
SELECT m.school, m.day, p.place, p.place_key, p.kind, p.seats, p.class_name
FROM moments m
JOIN places p ON p.school = m.school AND p.since = m.since
WHERE p.teaching;
CREATE INDEX teaching_key ON teaching (school, day, place_key);

CREATE TABLE listed AS
SELECT m.school, m.day, d.id_key, d.system, d.place_key
FROM moments m JOIN devices d ON d.school = m.school AND d.since = m.since;
CREATE INDEX listed_key ON listed (system, school, day, id_key);

CREATE TABLE judged (
  school TEXT, day TEXT, n INTEGER, target TEXT, state TEXT, value REAL, attainment REAL,
  PRIMARY KEY (school, target, n)
);

-- How much better than enough a target must be to be met again, where it is not nothing.
CREATE TABLE margins (target TEXT PRIMARY KEY, margin REAL);
INSERT INTO margins VALUES ('gigabit_uplink', 0.01), ('exam_marking', 0.001), ('lecture_recording', 0.001),
  ('video_on_demand', 0.001), ('video_conference', 0.001), ('live_streaming', 0.001), ('man_performance', 0.01);
CREATE TABLE district_margins (target TEXT PRIMARY KEY, margin REAL);

