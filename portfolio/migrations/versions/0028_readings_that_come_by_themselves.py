"""readings that come by themselves, are asked for, and can be taken back"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import UtcDateTime

revision = "0028"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "evaluation_steps",
        sa.Column("reminders", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("evaluation_steps", sa.Column("reminded_at", UtcDateTime(), nullable=True))
    op.add_column("measures", sa.Column("cut_on", sa.Date(), nullable=True))
    op.add_column(
        "measure_sources", sa.Column("pick_day", sa.String(length=300), server_default="", nullable=False)
    )
    op.create_table(
        "withdrawn_readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("measure_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("after", sa.Boolean(), nullable=False),
        sa.Column("comparison", sa.Boolean(), nullable=False),
        sa.Column("row_key", sa.String(length=64), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_withdrawn_readings_by_id")),
        sa.ForeignKeyConstraint(
            ["measure_id"], ["measures.id"], name=op.f("fk_withdrawn_readings_measure_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawn_readings")),
    )
    op.create_index(
        op.f("ix_withdrawn_readings_measure_id"), "withdrawn_readings", ["measure_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_withdrawn_readings_measure_id"), table_name="withdrawn_readings")
    op.drop_table("withdrawn_readings")
    op.drop_column("measure_sources", "pick_day")
    op.drop_column("measures", "cut_on")
    op.drop_column("evaluation_steps", "reminded_at")
    op.drop_column("evaluation_steps", "reminders")
