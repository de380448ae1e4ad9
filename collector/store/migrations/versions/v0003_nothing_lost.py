"""Which agent programs report for a school, and how many observations came without a time."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("agents") as table:
        table.add_column(sa.Column("undated_observations", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "agent_instances",
        sa.Column("school", sa.String(64), primary_key=True),
        sa.Column("instance", sa.String(40), primary_key=True),
        sa.Column("host", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("first_at", sa.Float, nullable=False),
        sa.Column("last_at", sa.Float, nullable=False),
    )
