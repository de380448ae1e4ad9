-- student_device_ratio, teacher_device_ratio: people / terminals that the register has and the network saw in 30 days.
CREATE TEMP TABLE terminals AS
SELECT school, day, outcome,
       max(CASE WHEN measure = 'terminals_watched_seconds' THEN value END) AS watched,
       max(CASE WHEN measure = 'terminals_window_seconds' THEN value END) AS "window",
       sum(CASE WHEN measure = 'terminals' AND basis = 'verified' AND owner IN ('student', 'shared') THEN value ELSE 0 END) AS student_seen,
       sum(CASE WHEN measure = 'terminals' AND basis = 'inventory' AND owner IN ('student', 'shared') THEN value ELSE 0 END) AS student_all,
       sum(CASE WHEN measure = 'terminals' AND basis = 'verified' AND owner = 'teacher' THEN value ELSE 0 END) AS teacher_seen,
       sum(CASE WHEN measure = 'terminals' AND basis = 'inventory' AND owner = 'teacher' THEN value ELSE 0 END) AS teacher_all
FROM said WHERE probe = 'terminals' AND age <= 172800 GROUP BY school, day, outcome;

CREATE TABLE ratios AS
SELECT m.school, m.day, m.n, 'student_device_ratio' AS target, m.students AS people, 6.0 AS at_most,
       t.student_seen AS seen, t.student_all AS registered, t.watched < t."window" AS still, t.outcome
FROM moments m LEFT JOIN terminals t USING (school, day)
UNION ALL
SELECT m.school, m.day, m.n, 'teacher_device_ratio', m.teachers, 1.0, t.teacher_seen, t.teacher_all,
       t.watched < t."window", t.outcome
FROM moments m LEFT JOIN terminals t USING (school, day);

INSERT INTO judged
SELECT school, day, n, target,
  CASE
    WHEN people = 0 OR seen IS NULL OR outcome <> 'ok' THEN 'unknown'
    WHEN seen * at_most >= people THEN 'met'
    WHEN registered * at_most < people THEN 'unmet'
    WHEN still THEN 'unknown'
    ELSE 'unmet'
  END,
  -- What the register cannot do is told by the register.
  CASE WHEN registered * at_most < people THEN people / nullif(registered, 0) WHEN seen > 0 THEN people / seen END, seen * at_most / people
FROM ratios;
