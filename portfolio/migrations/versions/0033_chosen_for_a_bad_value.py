"""chosen for a bad value: such values come up by themselves"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("measures", sa.Column("chosen_for_value", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("measures", "chosen_for_value")
