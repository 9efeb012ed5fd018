"""published editions that stay as they were published"""

from alembic import op

revision = "0030"
down_revision = "0031"
branch_labels = None
depends_on = None

REFUSAL = "a published edition never changes"
KEPT = (
    "kind, title, period_start, period_end, design, status, data_cut_off_at, published_at, flow_run_id, seed, "
    "formula_version, checksum, figures, html, pdf, xlsx, pptx, mail_html"
)
"""Not the numbers of its report, of who asked for it and of what it corrects: an import fills the last in afterwards."""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in (f"UPDATE OF {KEPT}", "DELETE"):
            op.execute(
                f"CREATE TRIGGER editions_published_no_{verb.split()[0].lower()} BEFORE {verb} ON editions "
                f"WHEN OLD.status = 'published' BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_edition_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    for verb in (f"UPDATE OF {KEPT}", "DELETE"):
        op.execute(
            f"CREATE TRIGGER editions_published_no_{verb.split()[0].lower()} BEFORE {verb} ON editions "
            "FOR EACH ROW WHEN (OLD.status = 'published') EXECUTE FUNCTION refuse_edition_change()"
        )


def downgrade() -> None:
    on = "" if op.get_bind().dialect.name == "sqlite" else " ON editions"
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER editions_published_no_{verb}{on}")
    if on:
        op.execute("DROP FUNCTION refuse_edition_change()")
