"""since when a card stands in its column, and indexes for large boards"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json, UtcDateTime

revision = "0018"
down_revision = "0023"
branch_labels = None
depends_on = None

STANDING = sa.text("archived_at IS NULL")
EVENTS = sa.table(
    "events",
    sa.column("subject_type"),
    sa.column("subject_id"),
    sa.column("action"),
    sa.column("at"),
    sa.column("details", Json),
)


def upgrade() -> None:
    op.add_column("cards", sa.Column("entered_at", UtcDateTime(), nullable=True))
    _say_since_when()
    op.drop_index("ix_cards_place", table_name="cards")
    op.create_index(
        "ix_cards_standing",
        "cards",
        ["column_id", "rank", "id"],
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    op.create_index(op.f("ix_cards_done_at"), "cards", ["done_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_cards_done_at"), table_name="cards")
    op.drop_index("ix_cards_standing", table_name="cards")
    op.create_index("ix_cards_place", "cards", ["column_id", "rank", "id"])
    op.drop_column("cards", "entered_at")


def _say_since_when() -> None:
    """A card stands in its column since its last move from another one; else since it was made."""
    cards = sa.table("cards", sa.column("id"), sa.column("entered_at"), sa.column("created_at"))
    moved = EVENTS.alias("moved")
    last = (
        sa.select(sa.func.max(moved.c.at))
        .where(
            moved.c.subject_type == "cards",
            moved.c.action == "card.moved",
            moved.c.subject_id == cards.c.id,
            moved.c.details["from"].as_integer() != moved.c.details["to"].as_integer(),
        )
        .scalar_subquery()
    )
    op.execute(cards.update().values(entered_at=sa.func.coalesce(last, cards.c.created_at)))
