"""the import a response came with, so that what is added later is shown five at a time"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "responses",
        sa.Column("import_id", sa.Integer(), sa.ForeignKey("imports.id"), nullable=True),
        inline_references=True,
    )


def downgrade() -> None:
    op.drop_column("responses", "import_id")
