"""learning data: what was refused, what was looked up, and the report a source lists completions in"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json, UtcDateTime

revision = "0031"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("learning_sources", sa.Column("report_number", sa.Integer(), nullable=True))
    op.create_table(
        "learning_refusals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=120), nullable=False),
        sa.Column("where", sa.String(length=300), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["learning_sources.id"], name=op.f("fk_learning_refusals_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_refusals")),
    )
    op.create_index(op.f("ix_learning_refusals_source_id_at"), "learning_refusals", ["source_id", "at"])
    op.create_table(
        "learning_lookups",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("value", Json, nullable=True),
        sa.Column("fresh_until", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["learning_sources.id"], name=op.f("fk_learning_lookups_source_id")
        ),
        sa.PrimaryKeyConstraint("source_id", "key", name=op.f("pk_learning_lookups")),
    )


def downgrade() -> None:
    op.drop_table("learning_lookups")
    op.drop_table("learning_refusals")
    op.drop_column("learning_sources", "report_number")
