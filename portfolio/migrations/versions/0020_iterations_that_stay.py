"""iterations that stay as they were closed"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json

revision = "0020"
down_revision = "0016"
branch_labels = None
depends_on = None

REFUSAL = "a closed iteration keeps its facts"


def upgrade() -> None:
    op.add_column(
        "iterations", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False)
    )
    op.add_column(
        "iterations",
        sa.Column("capacity_by_hand", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    op.add_column("iterations", sa.Column("capacity_words", sa.Text(), server_default="", nullable=False))
    op.add_column("iterations", sa.Column("commitment", Json, nullable=True))
    op.execute(
        "UPDATE iterations SET status = 'planned' WHERE status = 'open' "
        "AND id < (SELECT max(id) FROM iterations WHERE status = 'open')"
    )
    op.create_index(
        "ix_iterations_one_open",
        "iterations",
        ["status"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _keep_in_sqlite()
    else:
        _keep_in_postgres()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in ("iterations", "snapshots"):
            for verb in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_closed_no_{verb}")
    else:
        op.execute("DROP TRIGGER iterations_closed_stay ON iterations")
        op.execute("DROP TRIGGER snapshots_closed_stay ON snapshots")
        op.execute("DROP FUNCTION refuse_iteration_change()")
        op.execute("DROP FUNCTION refuse_snapshot_change()")
    op.drop_index("ix_iterations_one_open", table_name="iterations")
    op.drop_column("iterations", "commitment")
    op.drop_column("iterations", "capacity_words")
    op.drop_column("iterations", "capacity_by_hand")
    op.drop_column("iterations", "version")


def _keep_in_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER iterations_closed_no_{verb.lower()} BEFORE {verb} ON iterations "
            f"WHEN OLD.status = 'closed' BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
        op.execute(
            f"CREATE TRIGGER snapshots_closed_no_{verb.lower()} BEFORE {verb} ON snapshots "
            "WHEN (SELECT status FROM iterations WHERE id = OLD.iteration_id) = 'closed' "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def _keep_in_postgres() -> None:
    op.execute(
        "CREATE FUNCTION refuse_iteration_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF OLD.status = 'closed' THEN RAISE EXCEPTION '{REFUSAL}'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE FUNCTION refuse_snapshot_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF EXISTS (SELECT 1 FROM iterations WHERE id = OLD.iteration_id AND status = 'closed') "
        f"THEN RAISE EXCEPTION '{REFUSAL}'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    for table, function in (("iterations", "iteration"), ("snapshots", "snapshot")):
        op.execute(
            f"CREATE TRIGGER {table}_closed_stay BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_{function}_change()"
        )
