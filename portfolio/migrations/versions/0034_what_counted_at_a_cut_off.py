"""what counted at a cut-off: readings and estimates that were taken back since

The history keeps what else was changed, and when.
"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json, UtcDateTime

revision = "0034"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("withdrawn_readings", sa.Column("subject", sa.String(length=64), nullable=True))
    op.add_column("withdrawn_readings", sa.Column("traits", Json, nullable=True))
    op.add_column("withdrawn_readings", sa.Column("exposure", sa.Double(), nullable=True))
    op.add_column("withdrawn_readings", sa.Column("recorded_at", UtcDateTime(), nullable=True))
    op.add_column("benefit_estimates", sa.Column("removed_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("benefit_estimates", "removed_at")
    for name in ("recorded_at", "exposure", "traits", "subject"):
        op.drop_column("withdrawn_readings", name)
