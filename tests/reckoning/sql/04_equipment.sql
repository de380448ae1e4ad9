-- Devices of the audio-visual systems: what each source tells of each place, and whether a good word of before counts.

CREATE TABLE rules (system TEXT PRIMARY KEY, off_when_idle INTEGER);
INSERT INTO rules VALUES ('multimedia', 1), ('cctv', 1), ('surveillance', 0), ('broadcast', 0), ('recording', 0);

-- Every word that was ever said of a device; that a panel answers is as good as that a projector works.
CREATE TABLE words AS
SELECT r.school, r.probe, r.device, q.system, q.place_key, r.at, r.day,
       max(CASE WHEN q.measure IN ('av_device_up', 'av_device_reachable') THEN q.value END) AS up
FROM readings q JOIN runs r USING (run)
WHERE q.measure IN ('av_device_up', 'av_device_state', 'av_device_reachable')
GROUP BY r.run, q.system, q.place_key;
CREATE INDEX words_key ON words (school, probe, device, at);

-- What a source tells of now: by its own words, else by its last ones, else by the roster.
CREATE TABLE sources AS
SELECT l.school, l.day, l.now, l.age, l.run, l.probe, l.device, l.device_key, l.outcome, l.at, w.system,
  coalesce(nullif(w.place_key, ''), (SELECT d.place_key FROM listed d WHERE d.school = l.school AND d.day = l.day
    AND d.system = w.system AND d.id_key = l.device_key), '') AS place_key,
  w.place_key AS told, w.up
FROM latest l JOIN words w ON w.school = l.school AND w.probe = l.probe AND w.device = l.device AND w.at = l.at;

CREATE TEMP TABLE speechless AS
SELECT l.*, (SELECT max(w.at) FROM words w WHERE w.school = l.school AND w.probe = l.probe AND w.device = l.device
             AND w.at < l.at AND w.at >= l.now - 10 * 86400) AS before
FROM latest l
WHERE l.outcome <> 'ok'
  AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.school = l.school AND s.day = l.day AND s.run = l.run);

INSERT INTO sources
SELECT l.school, l.day, l.now, l.age, l.run, l.probe, l.device, l.device_key, l.outcome, l.at, w.system,
  coalesce(nullif(w.place_key, ''), (SELECT d.place_key FROM listed d WHERE d.school = l.school AND d.day = l.day
    AND d.system = w.system AND d.id_key = l.device_key), ''), w.place_key, NULL
FROM speechless l JOIN words w ON w.school = l.school AND w.probe = l.probe AND w.device = l.device AND w.at = l.before;

INSERT INTO sources
SELECT l.school, l.day, l.now, l.age, l.run, l.probe, l.device, l.device_key, l.outcome, l.at, d.system, d.place_key, '', NULL
FROM speechless l JOIN listed d ON d.school = l.school AND d.day = l.day AND d.id_key = l.device_key
  AND d.system <> 'wireless'
WHERE l.before IS NULL;

-- Seconds of school hours for which runs failed, one after another, since the device last answered.
CREATE TEMP TABLE outages AS
SELECT l.school, l.day, l.probe, l.device,
  (SELECT CASE WHEN count(*) >= 2 THEN sum(min(r.every, c.closes - r.at)) END FROM runs r JOIN calendar c ON c.day = r.day AND c.is_school
   WHERE r.school = l.school AND r.probe = l.probe AND r.device = l.device AND r.at <= l.now
     AND r.at >= l.now - 10 * 86400 AND r.at >= c.opens AND r.at < c.closes
     AND r.at > coalesce((SELECT max(o.at) FROM runs o WHERE o.school = l.school AND o.probe = l.probe
                          AND o.device = l.device AND o.outcome = 'ok' AND o.at <= l.now), 0)) AS seconds
FROM latest l WHERE l.outcome <> 'ok';
CREATE INDEX temp.outages_key ON outages (school, day, probe, device);

-- A good last word of today or one of the 2 school days before outlasts a run that failed, refusals included; of what stays
-- on it does so until there was no answer for an hour of school hours.
CREATE TABLE equipment AS
SELECT s.school, s.day, s.system, s.probe, s.device, s.device_key, s.place_key, s.age, s.up, s.outcome,
  CASE
    WHEN s.age > 18000 THEN 'unknown'
    WHEN s.up = 1 THEN 'works'
    WHEN s.up = 0 THEN 'down'
    WHEN NOT r.off_when_idle AND s.outcome IN ('timeout', 'unreachable') AND o.seconds >= 3600 THEN 'down'
    WHEN (
      SELECT w.up = 1 AND w.day >= coalesce((SELECT c.day FROM calendar c WHERE c.n = m.today_n - 2), date(m.today, '-10 days'))
      FROM words w WHERE w.school = s.school AND w.probe = s.probe AND w.device = s.device AND w.system = s.system
        AND w.place_key = s.told AND w.up IS NOT NULL AND w.at <= s.now ORDER BY w.at DESC LIMIT 1) THEN 'works'
    WHEN s.outcome IN ('timeout', 'unreachable') AND o.seconds >= 3600 THEN 'down'
    ELSE 'unknown'
  END AS state
FROM sources s
JOIN moments m USING (school, day)
JOIN rules r USING (system)
LEFT JOIN outages o USING (school, day, probe, device);
CREATE INDEX equipment_key ON equipment (system, school, day, place_key);

-- What the roster lists and nobody looks at, unless another source tells of its place.
CREATE TABLE not_probed AS
SELECT d.school, d.day, d.system, d.id_key, d.place_key FROM listed d
WHERE d.system <> 'wireless'
  AND NOT EXISTS (SELECT 1 FROM equipment e WHERE e.school = d.school AND e.day = d.day AND e.system = d.system
                  AND (e.device_key = d.id_key OR e.place_key = d.place_key));
CREATE INDEX not_probed_key ON not_probed (system, school, day, place_key);
