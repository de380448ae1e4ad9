-- School hours. A run speaks until the next one is due, at most to the end of school and, on the day itself, to now.
CREATE TABLE spoken AS
SELECT r.school, r.day, r.at, q.measure, q.system, q.destination, q.port, q.direction, q.value,
       min(r.every, c.closes - r.at) AS whole, min(r.every, c.closes - r.at, m.now - r.at) AS so_far
FROM readings q
JOIN runs r USING (run)
JOIN calendar c ON c.day = r.day AND c.is_school AND r.at >= c.opens AND r.at < c.closes
JOIN moments m ON m.school = r.school AND m.day = r.day
WHERE q.measure IN ('service_up', 'service_sample_stall_seconds', 'service_delivery_ratio', 'service_loss_ratio',
  'service_jitter_seconds', 'service_round_trip_seconds', 'path_loss_ratio', 'path_jitter_seconds',
  'path_round_trip_seconds', 'uplink_utilisation_ratio');

CREATE TABLE day_hours AS
SELECT school, day, measure, system, destination, port, direction,
       sum(whole) AS seconds, sum(value * whole) AS total, sum(so_far) AS seconds_so_far, sum(value * so_far) AS total_so_far
FROM spoken GROUP BY school, day, measure, system, destination, port, direction;
CREATE INDEX day_hours_key ON day_hours (school, day, measure, system);

-- The window: 7 days and today, further back until it has 3 school days before today, 10 days at most.
CREATE TABLE windows AS
SELECT m.school, m.day, m.n, m.now,
       max(date(m.today, '-10 days'),
           min(date(m.today, '-7 days'),
               coalesce((SELECT c.day FROM calendar c WHERE c.n = m.today_n - 3), date(m.today, '-10 days')))) AS since,
       max(0, min(m.now, m.closes) - m.opens) AS today
FROM moments m;
CREATE INDEX windows_key ON windows (school, day);

-- One row for each school day of a window: its seconds of school so far.
CREATE TABLE window_days AS
SELECT w.school, w.day, w.n, c.day AS past, CASE WHEN c.day = w.day THEN w.today ELSE c.closes - c.opens END AS seconds,
       c.day = w.day AS is_today
FROM windows w JOIN calendar c ON c.is_school AND c.day >= w.since AND c.day <= w.day;
CREATE INDEX window_days_key ON window_days (school, day);
