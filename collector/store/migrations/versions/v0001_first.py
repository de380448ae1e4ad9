"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "rosters",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("imported_at", sa.Float, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "credentials",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("school", sa.String(64), nullable=False, index=True),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_table(
        "enrol_codes",
        sa.Column("code_hash", sa.String(64), primary_key=True),
        sa.Column("school", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
    )
    op.create_table(
        "agents",
        sa.Column("school", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("first_report_at", sa.Float, nullable=False),
        sa.Column("last_report_at", sa.Float, nullable=False),
        sa.Column("spooled_reports", sa.Integer, nullable=False),
        sa.Column("dropped_observations", sa.Integer, nullable=False),
        sa.Column("clock_offset", sa.Float),
    )
    op.create_table(
        "observation_ids",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("school", sa.String(64), nullable=False),
        sa.Column("received_at", sa.Float, nullable=False, index=True),
    )
    op.create_table(
        "latest",
        sa.Column("school", sa.String(64), primary_key=True),
        sa.Column("probe", sa.String(40), primary_key=True),
        sa.Column("device", sa.String(80), primary_key=True),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "daily",
        sa.Column("school", sa.String(64), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("measure", sa.String(80), primary_key=True),
        sa.Column("probe", sa.String(40), primary_key=True),
        sa.Column("device", sa.String(80), primary_key=True),
        sa.Column("labels", sa.Text, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("minimum", "maximum", "total", "last", "last_at")),
        sa.Column("last_id", sa.String(36), nullable=False),
        sa.Column("maximum_at", sa.Float, nullable=False),
        sa.Column("maximum_id", sa.String(36), nullable=False),
    )
    op.create_table(
        "verdicts",
        sa.Column("school", sa.String(64), primary_key=True),
        sa.Column("target", sa.String(60), primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "verdict_changes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("school", sa.String(64), nullable=False),
        sa.Column("target", sa.String(60), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("verdict_changes_of", "verdict_changes", ["school", "target", "id"])
    op.create_table(
        "measures",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
