"""drafts, files, suggestions, supporters, form and cause versions, arrivals; a fuller library"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suggestions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ask", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("shown_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("solved_at", UtcDateTime(), nullable=True),
        sa.Column("joined_at", UtcDateTime(), nullable=True),
        sa.Column("sent_anyway_at", UtcDateTime(), nullable=True),
        sa.Column("came_back_at", UtcDateTime(), nullable=True),
        sa.Column("saved_hours", Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
        sa.UniqueConstraint("ask", "kind", "subject_id", name=op.f("uq_suggestions_ask_kind_subject_id")),
    )
    op.create_index(op.f("ix_suggestions_email"), "suggestions", ["email"], unique=False)
    op.create_index(
        op.f("ix_suggestions_kind_subject_id"), "suggestions", ["kind", "subject_id"], unique=False
    )
    op.create_index(op.f("ix_suggestions_shown_at"), "suggestions", ["shown_at"], unique=False)

    op.create_table(
        "cause_tables",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["people.id"], name=op.f("fk_cause_tables_published_by_id")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_cause_tables")),
    )
    op.create_table(
        "form_versions",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["people.id"], name=op.f("fk_form_versions_changed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["people.id"], name=op.f("fk_form_versions_published_by_id")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_form_versions")),
    )
    op.create_table(
        "demand_alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learning_request_id", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("alike", Json, nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["learning_request_id"],
            ["learning_requests.id"],
            name=op.f("fk_demand_alerts_learning_request_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demand_alerts")),
    )
    op.create_index(
        op.f("ix_demand_alerts_learning_request_id"), "demand_alerts", ["learning_request_id"], unique=False
    )

    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("values", Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("original", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("learning_request_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["learning_request_id"], ["learning_requests.id"], name=op.f("fk_drafts_learning_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    op.create_index(op.f("ix_drafts_changed_at"), "drafts", ["changed_at"], unique=False)
    op.create_index(op.f("ix_drafts_learning_request_id"), "drafts", ["learning_request_id"], unique=False)

    op.create_table(
        "outdated_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resources.id"], name=op.f("fk_outdated_reports_resource_id")
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["people.id"], name=op.f("fk_outdated_reports_settled_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outdated_reports")),
    )
    op.create_index(
        op.f("ix_outdated_reports_resource_id"), "outdated_reports", ["resource_id"], unique=False
    )

    op.create_table(
        "supporters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learning_request_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("reach", Json, nullable=True),
        sa.Column("from_request_id", sa.Integer(), nullable=True),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["from_request_id"], ["learning_requests.id"], name=op.f("fk_supporters_from_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["learning_request_id"], ["learning_requests.id"], name=op.f("fk_supporters_learning_request_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_supporters_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_supporters_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supporters")),
        sa.UniqueConstraint(
            "learning_request_id", "person_id", name=op.f("uq_supporters_learning_request_id_person_id")
        ),
    )
    op.create_index(op.f("ix_supporters_person_id"), "supporters", ["person_id"], unique=False)

    op.create_table(
        "arrivals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(length=300), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.Column("sender_name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("learning_request_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("arrived_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_arrivals_draft_id")),
        sa.ForeignKeyConstraint(
            ["learning_request_id"], ["learning_requests.id"], name=op.f("fk_arrivals_learning_request_id")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_arrivals_message_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["people.id"], name=op.f("fk_arrivals_settled_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrivals")),
        sa.UniqueConstraint("source_key", name=op.f("uq_arrivals_source_key")),
    )
    op.create_index(
        op.f("ix_arrivals_learning_request_id"), "arrivals", ["learning_request_id"], unique=False
    )
    op.create_index(op.f("ix_arrivals_status_arrived_at"), "arrivals", ["status", "arrived_at"], unique=False)

    op.create_table(
        "files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("question", sa.String(length=40), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("learning_request_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("resource_id", sa.Integer(), nullable=True),
        sa.Column("given_by_id", sa.Integer(), nullable=True),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_files_draft_id")),
        sa.ForeignKeyConstraint(["given_by_id"], ["people.id"], name=op.f("fk_files_given_by_id")),
        sa.ForeignKeyConstraint(
            ["learning_request_id"], ["learning_requests.id"], name=op.f("fk_files_learning_request_id")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_files_message_id")),
        sa.ForeignKeyConstraint(["resource_id"], ["resources.id"], name=op.f("fk_files_resource_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    op.create_index(op.f("ix_files_draft_id"), "files", ["draft_id"], unique=False)
    op.create_index(op.f("ix_files_learning_request_id"), "files", ["learning_request_id"], unique=False)
    op.create_index(op.f("ix_files_resource_id"), "files", ["resource_id"], unique=False)

    op.add_column("imports", sa.Column("wanted_at", UtcDateTime(), nullable=True))
    op.add_column("imports", sa.Column("rows_done", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("imports", sa.Column("rows_in_all", sa.Integer(), nullable=True))
    op.add_column("imports", sa.Column("error", sa.String(length=500), nullable=False, server_default=""))
    op.add_column(
        "imports", sa.Column("headers_digest", sa.String(length=64), nullable=False, server_default="")
    )

    op.add_column("learning_requests", sa.Column("confirmed_at", UtcDateTime(), nullable=True))

    op.add_column("mails", sa.Column("in_reply_to", sa.String(length=300), nullable=True))
    op.create_index(op.f("ix_mails_about"), "mails", ["about"], unique=False)

    op.add_column(
        "organisations",
        sa.Column("intake_domains", sa.String(length=1000), nullable=False, server_default=""),
    )
    op.add_column(
        "organisations", sa.Column("alert_people", sa.Integer(), nullable=False, server_default="5")
    )
    op.add_column("organisations", sa.Column("alert_units", sa.Integer(), nullable=False, server_default="3"))

    op.add_column("resources", sa.Column("about", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "resources", sa.Column("audience", sa.String(length=200), nullable=False, server_default="")
    )
    op.add_column("resources", sa.Column("language", sa.String(length=60), nullable=False, server_default=""))
    op.add_column("resources", sa.Column("part_of_id", sa.Integer(), nullable=True))
    op.add_column("resources", sa.Column("position", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("resources", sa.Column("uses", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("resources", sa.Column("source_name", sa.String(length=200), nullable=True))
    op.add_column("resources", sa.Column("source_key", sa.String(length=200), nullable=True))
    op.add_column("resources", sa.Column("changed_at", UtcDateTime(), nullable=True))
    op.add_column("resources", sa.Column("retired_at", UtcDateTime(), nullable=True))
    op.create_index(op.f("ix_resources_part_of_id"), "resources", ["part_of_id"], unique=False)
    op.create_index(
        op.f("ix_resources_source_name_source_key"), "resources", ["source_name", "source_key"], unique=True
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_resources_source_name_source_key"), "resources")
    op.drop_index(op.f("ix_resources_part_of_id"), "resources")
    op.drop_column("resources", "retired_at")
    op.drop_column("resources", "changed_at")
    op.drop_column("resources", "source_key")
    op.drop_column("resources", "source_name")
    op.drop_column("resources", "uses")
    op.drop_column("resources", "position")
    op.drop_column("resources", "part_of_id")
    op.drop_column("resources", "language")
    op.drop_column("resources", "audience")
    op.drop_column("resources", "about")

    op.drop_column("organisations", "alert_units")
    op.drop_column("organisations", "alert_people")
    op.drop_column("organisations", "intake_domains")

    op.drop_index(op.f("ix_mails_about"), "mails")
    op.drop_column("mails", "in_reply_to")

    op.drop_column("learning_requests", "confirmed_at")

    op.drop_column("imports", "headers_digest")
    op.drop_column("imports", "error")
    op.drop_column("imports", "rows_in_all")
    op.drop_column("imports", "rows_done")
    op.drop_column("imports", "wanted_at")

    op.drop_index(op.f("ix_files_resource_id"), "files")
    op.drop_index(op.f("ix_files_learning_request_id"), "files")
    op.drop_index(op.f("ix_files_draft_id"), "files")

    op.drop_table("files")
    op.drop_index(op.f("ix_arrivals_status_arrived_at"), "arrivals")
    op.drop_index(op.f("ix_arrivals_learning_request_id"), "arrivals")

    op.drop_table("arrivals")
    op.drop_index(op.f("ix_supporters_person_id"), "supporters")

    op.drop_table("supporters")
    op.drop_index(op.f("ix_outdated_reports_resource_id"), "outdated_reports")

    op.drop_table("outdated_reports")
    op.drop_index(op.f("ix_drafts_learning_request_id"), "drafts")
    op.drop_index(op.f("ix_drafts_changed_at"), "drafts")

    op.drop_table("drafts")
    op.drop_index(op.f("ix_demand_alerts_learning_request_id"), "demand_alerts")

    op.drop_table("demand_alerts")
    op.drop_table("form_versions")
    op.drop_table("cause_tables")
    op.drop_index(op.f("ix_suggestions_shown_at"), "suggestions")
    op.drop_index(op.f("ix_suggestions_kind_subject_id"), "suggestions")
    op.drop_index(op.f("ix_suggestions_email"), "suggestions")

    op.drop_table("suggestions")
