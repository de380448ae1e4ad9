-- equity_primary, equity_junior: CV = S / X, X = sum(x) / sum(P), S = sqrt(sum(P / P_N * (x / P - X)^2)) between schools,
-- in multimedia classrooms for the primary grades and in student terminals for the junior grades.

-- What each school has, between two bounds; without any evidence nothing is known but what it can have at most.
CREATE TEMP TABLE resources AS
SELECT school, day, 'equity_primary' AS target,
  CASE WHEN fresh = 0 THEN 0 ELSE max(0, works - max(0, rooms - classes)) END AS lo,
  CASE WHEN fresh = 0 THEN classes ELSE min(classes, works + unsure + anywhere + max(0, classes - rooms)) END AS hi
FROM classes
UNION ALL
SELECT r.school, r.day, 'equity_junior',
  CASE WHEN j.state = 'unmet' AND r.registered * r.at_most < r.people THEN r.registered ELSE coalesce(r.seen, 0) END,
  CASE WHEN j.state = 'unmet' AND r.registered * r.at_most < r.people THEN r.registered
       WHEN j.state <> 'unknown' THEN r.seen
       ELSE coalesce(r.registered, m.registered_students + m.registered_shared, 1e9) END
FROM ratios r JOIN moments m USING (school, day)
JOIN judged j ON j.school = r.school AND j.n = m.n AND j.target = r.target
WHERE r.target = 'student_device_ratio';

-- Primary, junior and nine-year schools; what the last have is split by 1 for a primary student to 1.1 for a junior one.
CREATE TEMP TABLE parts_of AS
SELECT m.school, m.day, t.target,
  CASE WHEN m.stage <> 'nine_year' THEN m.students WHEN t.target = 'equity_primary' THEN m.primary_students ELSE m.junior_students END AS people,
  CASE WHEN m.stage <> 'nine_year' THEN m.students
       ELSE (m.primary_students + 1.1 * m.junior_students) / CASE t.target WHEN 'equity_primary' THEN 1 ELSE 1.1 END END AS among,
  m.stage = 'nine_year' AND m.students > 0 AND (m.primary_students IS NULL OR m.junior_students IS NULL) AS missing
FROM moments m CROSS JOIN (SELECT 'equity_primary' AS target, 'primary' AS stage UNION SELECT 'equity_junior', 'junior') t
WHERE m.stage IN (t.stage, 'nine_year') AND m.students > 0;

CREATE TEMP TABLE holdings AS
SELECT p.target, p.day, p.school, p.people * 1.0 AS w, r.lo * 1.0 / p.among AS lo, r.hi * 1.0 / p.among AS hi
FROM parts_of p JOIN resources r USING (school, day, target)
WHERE p.people > 0;

-- The least: every school as near to one value as its bounds allow. That value is looked for in small steps.
CREATE TEMP TABLE steps AS
WITH RECURSIVE step (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM step WHERE k < 300) SELECT k FROM step;
CREATE TEMP TABLE tops AS
SELECT target, day, max(CASE WHEN hi < 1e6 THEN hi ELSE lo END) AS top, max(hi > 1e6) AS unbounded FROM holdings GROUP BY target, day;
CREATE TEMP TABLE least AS
SELECT target, day, min(cv) AS cv FROM (
  SELECT h.target, h.day, s.k,
    sqrt(max(0, sum(w * x * x) / sum(w) - (sum(w * x) / sum(w)) * (sum(w * x) / sum(w)))) / nullif(sum(w * x) / sum(w), 0) AS cv
  FROM (SELECT h.*, s.k, max(h.lo, min(h.hi, t.top * s.k / 300.0)) AS x
        FROM holdings h JOIN tops t USING (target, day) CROSS JOIN steps s) h JOIN steps s USING (k)
  GROUP BY h.target, h.day, s.k)
GROUP BY target, day;

-- The most is at some choice of bounds, of which a few are tried: those with less than a value at their least, the others
-- at their most. What is above the limit there surely can be; else whether it can is left open.
CREATE TEMP TABLE most AS
SELECT target, day, max(cv) AS cv FROM (
  SELECT target, day, k, sqrt(max(0, sum(w * x * x) / sum(w) - (sum(w * x) / sum(w)) * (sum(w * x) / sum(w)))) / nullif(sum(w * x) / sum(w), 0) AS cv
  FROM (SELECT h.*, s.k, CASE WHEN h.hi < t.top * s.k / 300.0 THEN h.lo ELSE min(h.hi, 1e6) END AS x
        FROM holdings h JOIN tops t USING (target, day) CROSS JOIN steps s)
  GROUP BY target, day, k)
GROUP BY target, day;

INSERT INTO judged
SELECT '*', c.day, c.n, l.target,
  CASE
    WHEN EXISTS (SELECT 1 FROM parts_of p WHERE p.target = l.target AND p.day = c.day AND p.missing) THEN 'unknown'
    WHEN l.cv >= g.below THEN 'unmet'
    WHEN t.unbounded OR m.cv >= g.below THEN 'unknown'
    ELSE 'met or unknown'
  END, NULL, 9
FROM least l
JOIN most m USING (target, day)
JOIN tops t USING (target, day)
JOIN calendar c ON c.day = l.day
JOIN (SELECT 'equity_primary' AS target, 0.6 AS below UNION SELECT 'equity_junior', 0.25) g USING (target);
