"""The tables. Times are Unix seconds (UTC), days are ISO dates in the district's zone."""

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA = MetaData()

ROSTERS = Table(
    "rosters",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=True),
    Column("imported_at", Float, nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("document", Text, nullable=False),
)
POLICIES = Table(  # each policy that was ever in force, so that an old verdict can be explained by its own
    "policies",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=True),
    Column("since", Float, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("document", Text, nullable=False),
)
CREDENTIALS = Table(
    "credentials",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("school", String(64), nullable=False, index=True),
    Column("created_at", Float, nullable=False),
)
ENROL_CODES = Table(
    "enrol_codes",
    METADATA,
    Column("code_hash", String(64), primary_key=True),
    Column("school", String(64), nullable=False),
    Column("expires_at", Float, nullable=False),
)
AGENTS = Table(
    "agents",
    METADATA,
    Column("school", String(64), primary_key=True),
    Column("version", String(40), nullable=False),
    Column("first_report_at", Float, nullable=False),
    Column("last_report_at", Float, nullable=False),
    Column("spooled_reports", Integer, nullable=False),
    Column("dropped_observations", Integer, nullable=False),
    Column("clock_offset", Float),
    Column("undated_observations", Integer, nullable=False, server_default="0"),
)
AGENT_INSTANCES = Table(  # runs of agents' programs, by which a copied machine shows
    "agent_instances",
    METADATA,
    Column("school", String(64), primary_key=True),
    Column("instance", String(40), primary_key=True),
    Column("host", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("first_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
)
OBSERVATION_IDS = Table(  # the ledger that makes 'at least once' on the wire 'exactly once' here
    "observation_ids",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("school", String(64), nullable=False),
    Column("received_at", Float, nullable=False, index=True),
)
LATEST = Table(
    "latest",
    METADATA,
    Column("school", String(64), primary_key=True),
    Column("probe", String(40), primary_key=True),
    Column("device", String(80), primary_key=True),
    Column("started_at", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
DAILY = Table(
    "daily",
    METADATA,
    Column("school", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("measure", String(80), primary_key=True),
    Column("probe", String(40), primary_key=True),
    Column("device", String(80), primary_key=True),
    Column("labels", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("minimum", Float, nullable=False),
    Column("maximum", Float, nullable=False),
    Column("total", Float, nullable=False),
    Column("last", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    Column("last_id", String(36), nullable=False),
    Column("maximum_at", Float, nullable=False),
    Column("maximum_id", String(36), nullable=False),
)
DAY_LATEST = Table(  # each device's last observation of a day, for as long as late data may change that day's verdict
    "day_latest",
    METADATA,
    Column("school", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("probe", String(40), primary_key=True),
    Column("device", String(80), primary_key=True),
    Column("started_at", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
DAYS_OPEN = Table(  # the first day of each school whose verdicts are not final yet
    "days_open",
    METADATA,
    Column("school", String(64), primary_key=True),
    Column("day", String(10), nullable=False),
)
VERDICTS = Table(
    "verdicts",
    METADATA,
    Column("school", String(64), primary_key=True),
    Column("target", String(60), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("decided", String(10)),
    Column("since", Float, nullable=False),
    Column("at", Float, nullable=False),
    Column("policy", Integer, nullable=False, server_default="0"),
    Column("roster", Integer, nullable=False, server_default="0"),
    Column("body", Text, nullable=False),
)
VERDICT_CHANGES = Table(
    "verdict_changes",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("school", String(64), nullable=False),
    Column("target", String(60), nullable=False),
    Column("at", Float, nullable=False),
    Column("state", String(10), nullable=False),
    Column("policy", Integer, nullable=False, server_default="0"),
    Column("roster", Integer, nullable=False, server_default="0"),
    Column("body", Text, nullable=False),
    Column("inputs", LargeBinary),
    Index("verdict_changes_of", "school", "target", "id"),
)
VERDICT_DAYS = Table(  # how each school day ended; late data changes it, and `changes` counts how often
    "verdict_days",
    METADATA,
    Column("school", String(64), primary_key=True),
    Column("target", String(60), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("value", Float),
    Column("threshold", Float),
    Column("attainment", Float),
    Column("lowest", Float),
    Column("highest", Float),
    Column("reason", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("policy", Integer, nullable=False),
    Column("roster", Integer, nullable=False),
    Column("computed_at", Float, nullable=False),
    Column("changes", Integer, nullable=False, server_default="0"),
    Index("verdict_days_by_day", "day", "target", "state", "school"),
)
CORRECTIONS = Table(  # what a person said beside a verdict; never deleted, only withdrawn
    "corrections",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("school", String(64), nullable=False, index=True),
    Column("target", String(60), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("begins_at", Float, nullable=False),
    Column("ends_at", Float),
    Column("name", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("withdrawn_at", Float),
    Column("withdrawn_by", String(120)),
    Column("withdrawn_why", Text),
)
MEASURES = Table(  # declarations that agents sent, for measures that are not in the catalogue
    "measures",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("body", Text, nullable=False),
)
