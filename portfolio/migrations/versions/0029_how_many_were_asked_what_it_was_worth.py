"""how many were asked what a project was worth, so that silence counts as zero"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("projects", sa.Column("estimates_asked", sa.Integer(), nullable=True))
    op.create_index(
        "ix_benefit_estimates_row_key",
        "benefit_estimates",
        ["project_id", "row_key"],
        unique=True,
        sqlite_where=sa.text("row_key IS NOT NULL"),
        postgresql_where=sa.text("row_key IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_benefit_estimates_row_key", table_name="benefit_estimates")
    op.drop_column("projects", "estimates_asked")
