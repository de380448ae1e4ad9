"""The statements that every report runs, written so that SQLite and PostgreSQL take the same text."""

from sqlalchemy import text

KNOW = text("""
    INSERT INTO observation_ids (id, school, received_at) VALUES (:id, :school, :at)
    ON CONFLICT (id) DO NOTHING RETURNING id
""")

LATEST = text("""
    INSERT INTO latest (school, probe, device, started_at, body)
    VALUES (:school, :probe, :device, :started_at, :body)
    ON CONFLICT (school, probe, device) DO UPDATE SET started_at = excluded.started_at, body = excluded.body
    WHERE excluded.started_at >= latest.started_at
    RETURNING started_at
""")

DAY_LATEST = text("""
    INSERT INTO day_latest (school, day, probe, device, started_at, body)
    VALUES (:school, :day, :probe, :device, :started_at, :body)
    ON CONFLICT (school, day, probe, device) DO UPDATE SET started_at = excluded.started_at, body = excluded.body
    WHERE excluded.started_at >= day_latest.started_at
""")

# A day that was final is open again once something late was measured on it.
OPEN_DAY = text("""
    INSERT INTO days_open (school, day) VALUES (:school, :day)
    ON CONFLICT (school) DO UPDATE SET day = excluded.day WHERE excluded.day < days_open.day
""")

CLOSE_DAYS = text("""
    UPDATE days_open SET day = :until WHERE school = :school AND day = :since
""")

# Every right-hand side sees the row as it was before.
ROLL_UP = text("""
    INSERT INTO daily (school, day, measure, probe, device, labels, count, minimum, maximum, total,
                       last, last_at, last_id, maximum_at, maximum_id)
    VALUES (:school, :day, :measure, :probe, :device, :labels, :count, :minimum, :maximum, :total,
            :last, :last_at, :last_id, :maximum_at, :maximum_id)
    ON CONFLICT (school, day, measure, probe, device, labels) DO UPDATE SET
        count = daily.count + excluded.count,
        total = daily.total + excluded.total,
        minimum = CASE WHEN excluded.minimum < daily.minimum THEN excluded.minimum ELSE daily.minimum END,
        last = CASE WHEN excluded.last_at >= daily.last_at THEN excluded.last ELSE daily.last END,
        last_id = CASE WHEN excluded.last_at >= daily.last_at THEN excluded.last_id ELSE daily.last_id END,
        last_at = CASE WHEN excluded.last_at >= daily.last_at THEN excluded.last_at ELSE daily.last_at END,
        maximum_at = CASE WHEN excluded.maximum >= daily.maximum THEN excluded.maximum_at ELSE daily.maximum_at END,
        maximum_id = CASE WHEN excluded.maximum >= daily.maximum THEN excluded.maximum_id ELSE daily.maximum_id END,
        maximum = CASE WHEN excluded.maximum >= daily.maximum THEN excluded.maximum ELSE daily.maximum END
""")

AGENT = text("""
    INSERT INTO agents (school, version, first_report_at, last_report_at, spooled_reports, dropped_observations,
                        clock_offset, undated_observations)
    VALUES (:school, :version, :at, :at, :spooled, :dropped, :offset, :undated)
    ON CONFLICT (school) DO UPDATE SET
        version = excluded.version,
        last_report_at = excluded.last_report_at,
        spooled_reports = excluded.spooled_reports,
        dropped_observations = excluded.dropped_observations,
        clock_offset = excluded.clock_offset,
        undated_observations = agents.undated_observations + excluded.undated_observations
""")

MEASURE = text("""
    INSERT INTO measures (name, body) VALUES (:name, :body)
    ON CONFLICT (name) DO UPDATE SET body = excluded.body
""")

VERDICT = text("""
    INSERT INTO verdicts (school, target, state, decided, since, at, policy, roster, body)
    VALUES (:school, :target, :state, :decided, :since, :at, :policy, :roster, :body)
    ON CONFLICT (school, target) DO UPDATE SET
        state = excluded.state, decided = excluded.decided, since = excluded.since, at = excluded.at,
        policy = excluded.policy, roster = excluded.roster, body = excluded.body
""")

VERDICT_CHANGE = text("""
    INSERT INTO verdict_changes (school, target, at, state, policy, roster, body, inputs)
    VALUES (:school, :target, :at, :state, :policy, :roster, :body, :inputs)
""")

VERDICT_DAY = text("""
    INSERT INTO verdict_days (school, target, day, state, value, threshold, attainment, lowest, highest, reason, at,
                              policy, roster, computed_at)
    VALUES (:school, :target, :day, :state, :value, :threshold, :attainment, :lowest, :highest, :reason, :at,
            :policy, :roster, :computed_at)
    ON CONFLICT (school, target, day) DO UPDATE SET
        changes = verdict_days.changes + CASE WHEN excluded.state = verdict_days.state THEN 0 ELSE 1 END,
        state = excluded.state, value = excluded.value, threshold = excluded.threshold,
        attainment = excluded.attainment, lowest = excluded.lowest, highest = excluded.highest,
        reason = excluded.reason, at = excluded.at, policy = excluded.policy, roster = excluded.roster,
        computed_at = excluded.computed_at
""")
