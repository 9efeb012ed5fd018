"""files that wait apart from their imports, so that progress is cheap to write; columns remembered for earlier imports"""

import hashlib
import re

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json

revision = "0007"
down_revision = "0002"
branch_labels = None
depends_on = None

IMPORTS = sa.table(
    "imports",
    sa.column("id", sa.Integer()),
    sa.column("account", Json),
    sa.column("headers_digest", sa.String()),
)


def upgrade() -> None:
    op.create_table(
        "import_contents",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["imports.id"],
            name=op.f("fk_import_contents_import_id_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_contents")),
    )
    op.execute(
        "INSERT INTO import_contents (import_id, content) SELECT id, content FROM imports WHERE content IS NOT NULL"
    )
    op.drop_column("imports", "content")
    waits = sa.text("wanted_at IS NOT NULL")
    op.create_index(
        "ix_imports_wanted",
        "imports",
        ["wanted_at"],
        unique=False,
        sqlite_where=waits,
        postgresql_where=waits,
    )
    op.create_index(op.f("ix_imports_headers_digest"), "imports", ["headers_digest"], unique=False)
    _remember_columns()


def downgrade() -> None:
    op.drop_index(op.f("ix_imports_headers_digest"), "imports")
    op.drop_index("ix_imports_wanted", "imports")
    op.add_column("imports", sa.Column("content", sa.LargeBinary(), nullable=True))
    op.execute(
        "UPDATE imports SET content = (SELECT content FROM import_contents WHERE import_id = imports.id)"
    )
    op.drop_table("import_contents")


def _remember_columns() -> None:
    """What portfolio/importing/remembered.py does for a file taken from now on."""
    connection = op.get_bind()
    for id_, account in connection.execute(sa.select(IMPORTS.c.id, IMPORTS.c.account)).all():
        headers = (account or {}).get("headers") or []
        names = {re.sub(r"( \(\d+\))+$", "", name).casefold() for name in headers}
        if names:
            digest = hashlib.sha256("\x1f".join(sorted(names)).encode("utf-8", "replace")).hexdigest()
            connection.execute(IMPORTS.update().where(IMPORTS.c.id == id_).values(headers_digest=digest))
