"""What a verdict rests on is kept: policies, rosters by date, inputs of each change, verdicts by day, corrections."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("rosters") as table:
        table.add_column(sa.Column("valid_from", sa.String(10), nullable=False, server_default=""))
    op.execute("UPDATE rosters SET valid_from = date(imported_at, 'unixepoch')")
    with op.batch_alter_table("rosters") as table:
        table.alter_column("valid_from", server_default=None)
    op.create_table(
        "policies",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "day_latest",
        sa.Column("school", sa.String(64), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("probe", sa.String(40), primary_key=True),
        sa.Column("device", sa.String(80), primary_key=True),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "days_open",
        sa.Column("school", sa.String(64), primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
    )
    with op.batch_alter_table("verdicts") as table:
        table.add_column(sa.Column("decided", sa.String(10)))
        table.add_column(sa.Column("policy", sa.Integer, nullable=False, server_default="0"))
        table.add_column(sa.Column("roster", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE verdicts SET decided = state WHERE state <> 'unknown'")
    with op.batch_alter_table("verdict_changes") as table:
        table.add_column(sa.Column("policy", sa.Integer, nullable=False, server_default="0"))
        table.add_column(sa.Column("roster", sa.Integer, nullable=False, server_default="0"))
        table.add_column(sa.Column("inputs", sa.LargeBinary))
    op.create_table(
        "verdict_days",
        sa.Column("school", sa.String(64), primary_key=True),
        sa.Column("target", sa.String(60), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("threshold", sa.Float),
        sa.Column("attainment", sa.Float),
        sa.Column("lowest", sa.Float),
        sa.Column("highest", sa.Float),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("policy", sa.Integer, nullable=False),
        sa.Column("roster", sa.Integer, nullable=False),
        sa.Column("computed_at", sa.Float, nullable=False),
        sa.Column("changes", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("verdict_days_by_day", "verdict_days", ["day", "target", "state", "school"])
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("school", sa.String(64), nullable=False, index=True),
        sa.Column("target", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("begins_at", sa.Float, nullable=False),
        sa.Column("ends_at", sa.Float),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("withdrawn_at", sa.Float),
        sa.Column("withdrawn_by", sa.String(120)),
        sa.Column("withdrawn_why", sa.Text),
    )
