"""names and sizes of the files in a mail that came in, so that a list need not read the mails"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("arrivals", sa.Column("attachments", Json, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("arrivals", "attachments")
