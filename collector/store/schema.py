"""The tables. Times are Unix seconds (UTC), days are ISO dates in the district's zone."""

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA = MetaData()

ROSTERS = Table(
    "rosters",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=True),
    Column("imported_at", Float, nullable=False),
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
VERDICTS = Table(
    "verdicts",
    METADATA,
    Column("school", String(64), primary_key=True),
    Column("target", String(60), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("since", Float, nullable=False),
    Column("at", Float, nullable=False),
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
    Column("body", Text, nullable=False),
    Index("verdict_changes_of", "school", "target", "id"),
)
MEASURES = Table(  # declarations that agents sent, for measures that are not in the catalogue
    "measures",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("body", Text, nullable=False),
)
