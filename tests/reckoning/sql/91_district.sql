-- The district's clauses, of the schools' settled verdicts of the day.

-- What makes a smart campus: these, and of a kindergarten two of them.
CREATE TEMP TABLE required (target TEXT PRIMARY KEY, of_kindergarten INTEGER);
INSERT INTO required VALUES ('gigabit_uplink', 0), ('desktop_100m', 0), ('wireless_coverage', 1),
  ('multimedia_classroom', 1), ('network_coverage', 0);

CREATE TEMP TABLE campuses AS
SELECT m.school, m.day, m.n, min(s.state = 'met') AS smart, max(s.state = 'unmet') AS not_smart
FROM moments m JOIN required r ON m.stage <> 'kindergarten' OR r.of_kindergarten
JOIN settled s ON s.school = m.school AND s.day = m.day AND s.target = r.target
GROUP BY m.school, m.day;

-- Share of schools, the unknown ones as bounds: 40 % smart campuses, 85 % with a good path over the MAN.
CREATE TEMP TABLE shares AS
SELECT day, n, 'smart_campus_share' AS target, 0.4 AS at_least, avg(smart) AS lowest, avg(NOT not_smart) AS highest
FROM campuses GROUP BY day
UNION ALL
SELECT day, n, 'man_performance', 0.85, avg(state = 'met'), avg(state <> 'unmet')
FROM settled WHERE target = 'man_performance' GROUP BY day;

INSERT INTO judged
SELECT '*', day, n, target,
  CASE WHEN lowest >= at_least - 1e-12 THEN 'met' WHEN highest < at_least - 1e-12 THEN 'unmet' ELSE 'unknown' END,
  lowest, lowest / at_least
FROM shares;
