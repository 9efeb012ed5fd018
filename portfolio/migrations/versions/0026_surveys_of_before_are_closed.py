"""surveys that were sent before they could be opened and closed are closed, so that they are shown"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0030"
branch_labels = None
depends_on = None

NAMES = {"end": "At the end", "after 30 days": "After 30 days"}


def upgrade() -> None:
    surveys = sa.table(
        "surveys",
        *map(sa.column, ("id", "kind", "name", "sent_on", "created_at", "opened_at", "closed_at")),
    )
    responses = sa.table("responses", sa.column("survey_id"), sa.column("answered_at"))
    last = (
        sa.select(sa.func.max(responses.c.answered_at))
        .where(responses.c.survey_id == surveys.c.id)
        .scalar_subquery()
    )
    were_sent = sa.and_(surveys.c.sent_on.is_not(None), surveys.c.opened_at.is_(None))
    op.execute(
        surveys.update()
        .where(were_sent)
        .values(opened_at=surveys.c.created_at, closed_at=sa.func.coalesce(last, surveys.c.created_at))
    )
    kind = sa.case(NAMES, value=surveys.c.kind, else_=surveys.c.kind)
    op.execute(surveys.update().where(surveys.c.name == "").values(name=kind))


def downgrade() -> None:
    """Nothing to take back: the columns go with 0025."""
