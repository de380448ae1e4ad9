-- Hysteresis of the district's clauses.
INSERT INTO settled
WITH RECURSIVE walk (school, target, n, day, state, value, decided) AS (
  SELECT school, target, n, day, state, value, nullif(state, 'unknown') FROM judged WHERE n = 0 AND school = '*'
  UNION ALL
  SELECT j.school, j.target, j.n, j.day,
    CASE WHEN j.state = 'met' AND w.decided = 'unmet' AND coalesce(j.attainment < 1 + coalesce(g.margin, 0), 0)
         THEN 'unmet' ELSE j.state END,
    j.value,
    CASE WHEN j.state = 'unknown' THEN w.decided
         WHEN j.state = 'met' AND w.decided = 'unmet' AND coalesce(j.attainment < 1 + coalesce(g.margin, 0), 0)
         THEN 'unmet' ELSE j.state END
  FROM walk w
  JOIN judged j ON j.school = w.school AND j.target = w.target AND j.n = w.n + 1
  LEFT JOIN district_margins g ON g.target = j.target
)
SELECT school, target, n, day, state, value FROM walk;
