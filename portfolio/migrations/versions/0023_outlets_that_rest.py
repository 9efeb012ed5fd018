"""outlets that rest, change their secret, and hear of each thing once"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import UtcDateTime

revision = "0023"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outlets", sa.Column("old_secret", sa.String(length=120), nullable=True))
    op.add_column("outlets", sa.Column("old_secret_until", UtcDateTime(), nullable=True))
    op.add_column(
        "outlets", sa.Column("first_event_id", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("outlets", sa.Column("failing_since", UtcDateTime(), nullable=True))
    op.add_column("outlets", sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("outlets", sa.Column("rests_until", UtcDateTime(), nullable=True))
    op.add_column(
        "outlets", sa.Column("paused_why", sa.String(length=300), server_default="", nullable=False)
    )
    op.add_column("deliveries", sa.Column("last_try_at", UtcDateTime(), nullable=True))
    op.create_index(
        op.f("ix_deliveries_outlet_id_event_id"), "deliveries", ["outlet_id", "event_id"], unique=True
    )
    op.add_column(
        "automations", sa.Column("first_event_id", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("automations", "first_event_id")
    op.drop_index(op.f("ix_deliveries_outlet_id_event_id"), table_name="deliveries")
    op.drop_column("deliveries", "last_try_at")
    op.drop_column("outlets", "paused_why")
    op.drop_column("outlets", "rests_until")
    op.drop_column("outlets", "failures")
    op.drop_column("outlets", "failing_since")
    op.drop_column("outlets", "first_event_id")
    op.drop_column("outlets", "old_secret_until")
    op.drop_column("outlets", "old_secret")
