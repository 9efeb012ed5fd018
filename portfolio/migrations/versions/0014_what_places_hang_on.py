"""what places of a day hang on"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("placings", sa.Column("inputs", Json, nullable=True))
    op.create_table(
        "placing_days",
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("rubric", Json, nullable=False),
        sa.Column("goal_weights", Json, nullable=False),
        sa.PrimaryKeyConstraint("taken_on", name=op.f("pk_placing_days")),
    )


def downgrade() -> None:
    op.drop_table("placing_days")
    op.drop_column("placings", "inputs")
