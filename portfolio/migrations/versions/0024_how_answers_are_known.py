"""how answers are known, and which calibration places hang on"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json

revision = "0024"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answers", sa.Column("grade", sa.String(length=1), nullable=True))
    op.add_column("placing_days", sa.Column("calibration", Json, nullable=True))


def downgrade() -> None:
    op.drop_column("placing_days", "calibration")
    op.drop_column("answers", "grade")
