-- one_to_one_classroom: at least one room where as many student terminals were at once, in 15 days, as it has seats.
CREATE TEMP TABLE at_once AS
SELECT r.school, r.at, r.day, q.place_key,
       sum(CASE WHEN q.owner IN ('student', 'shared') THEN q.value ELSE 0 END) AS students,
       sum(CASE WHEN q.owner IN ('student', 'shared', 'unregistered') THEN q.value ELSE 0 END) AS perhaps
FROM readings q JOIN runs r USING (run) WHERE q.measure = 'place_wireless_terminals'
GROUP BY r.run, q.place_key;
CREATE INDEX temp.at_once_key ON at_once (school, place_key, at);

CREATE TEMP TABLE full_rooms AS
SELECT t.school, t.day, max(a.students >= t.seats) AS surely, max(a.perhaps >= t.seats) AS perhaps
FROM teaching t JOIN moments m USING (school, day)
JOIN at_once a ON a.school = t.school AND a.place_key = t.place_key AND a.at <= m.now AND a.day >= date(m.today, '-15 days')
WHERE t.kind IN ('computer_room', 'classroom', 'laboratory') AND t.seats > 0
GROUP BY t.school, t.day;

-- School days of the window, today not among them, on which nobody counted.
CREATE TEMP TABLE unwatched AS
SELECT m.school, m.day, sum(NOT EXISTS (
  SELECT 1 FROM at_once a WHERE a.school = m.school AND a.day = c.day)) AS days
FROM moments m JOIN calendar c ON c.is_school AND c.day >= date(m.today, '-15 days') AND c.day < m.today
GROUP BY m.school, m.day;

INSERT INTO judged
SELECT m.school, m.day, m.n, 'one_to_one_classroom',
  CASE WHEN f.surely THEN 'met'
       WHEN f.surely IS NULL OR f.perhaps OR u.days IS NULL OR u.days > 0 THEN 'unknown'
       ELSE 'unmet' END, NULL, NULL
FROM moments m
LEFT JOIN full_rooms f USING (school, day)
LEFT JOIN unwatched u USING (school, day);
