"""the board and the iterations: cards in full, reuses, phrases, revisits, promises, outlets, automations"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "automation_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("occasion", sa.String(length=80), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("did", sa.Text(), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_runs")),
    )
    op.create_index(op.f("ix_automation_runs_at"), "automation_runs", ["at"], unique=False)
    op.create_index(
        op.f("ix_automation_runs_key_occasion"), "automation_runs", ["key", "occasion"], unique=True
    )
    op.create_table(
        "promises",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("likely_on", sa.Date(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=False),
        sa.Column("surely_on", sa.Date(), nullable=False),
        sa.Column("items_left", sa.Integer(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("formula_version", sa.String(length=24), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promises")),
        sa.UniqueConstraint(
            "subject_type", "subject_id", "made_on", name=op.f("uq_promises_subject_type_subject_id_made_on")
        ),
    )
    op.create_index(op.f("ix_promises_settled_at"), "promises", ["settled_at"], unique=False)
    op.create_table(
        "automations",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("last_event_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["people.id"], name=op.f("fk_automations_changed_by_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_automations")),
    )
    op.create_table(
        "outlets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=1000), nullable=False),
        sa.Column("secret", sa.String(length=120), nullable=False),
        sa.Column("events", sa.String(length=2000), nullable=False),
        sa.Column("last_event_id", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["added_by_id"], ["people.id"], name=op.f("fk_outlets_added_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlets")),
    )
    op.create_table(
        "phrases",
        sa.Column("verdict", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["people.id"], name=op.f("fk_phrases_changed_by_id")),
        sa.PrimaryKeyConstraint("verdict", "reason", name=op.f("pk_phrases")),
    )
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_saved_views_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_saved_views_person_id_name")),
    )
    op.create_table(
        "work_templates",
        sa.Column("solution_type", sa.String(length=40), nullable=False),
        sa.Column("cards", Json, nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["people.id"], name=op.f("fk_work_templates_changed_by_id")
        ),
        sa.PrimaryKeyConstraint("solution_type", name=op.f("pk_work_templates")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outlet_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("given_up_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_deliveries_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("message_id", name=op.f("uq_deliveries_message_id")),
    )
    op.create_index(op.f("ix_deliveries_outlet_id"), "deliveries", ["outlet_id"], unique=False)
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["next_try_at"],
        unique=False,
        sqlite_where=sa.text("delivered_at IS NULL AND given_up_at IS NULL"),
        postgresql_where=sa.text("delivered_at IS NULL AND given_up_at IS NULL"),
    )
    op.create_table(
        "nudges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learning_request_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["learning_request_id"], ["learning_requests.id"], name=op.f("fk_nudges_learning_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nudges")),
    )
    op.create_index(op.f("ix_nudges_learning_request_id"), "nudges", ["learning_request_id"], unique=False)
    op.create_table(
        "reuses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learning_request_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("share_low", sa.Double(), nullable=False),
        sa.Column("share_likely", sa.Double(), nullable=False),
        sa.Column("share_high", sa.Double(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_reuses_by_id")),
        sa.ForeignKeyConstraint(
            ["learning_request_id"], ["learning_requests.id"], name=op.f("fk_reuses_learning_request_id")
        ),
        sa.ForeignKeyConstraint(["resource_id"], ["resources.id"], name=op.f("fk_reuses_resource_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reuses")),
        sa.UniqueConstraint(
            "learning_request_id", "resource_id", name=op.f("uq_reuses_learning_request_id_resource_id")
        ),
    )
    op.create_index(op.f("ix_reuses_resource_id"), "reuses", ["resource_id"], unique=False)
    op.create_table(
        "revisits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learning_request_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("condition", Json, nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("came_back_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_revisits_by_id")),
        sa.ForeignKeyConstraint(
            ["learning_request_id"], ["learning_requests.id"], name=op.f("fk_revisits_learning_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisits")),
    )
    op.create_index(op.f("ix_revisits_due_on"), "revisits", ["due_on"], unique=False)
    op.create_index(
        op.f("ix_revisits_learning_request_id"), "revisits", ["learning_request_id"], unique=False
    )
    op.create_table(
        "evaluation_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=160), nullable=False),
        sa.Column("method", sa.String(length=160), nullable=False),
        sa.Column("days_after", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_evaluation_steps_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_steps")),
    )
    op.create_index(op.f("ix_evaluation_steps_due_on"), "evaluation_steps", ["due_on"], unique=False)
    op.create_index(op.f("ix_evaluation_steps_project_id"), "evaluation_steps", ["project_id"], unique=False)
    op.create_table(
        "training_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_training_sessions_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_sessions")),
    )
    op.create_index(
        op.f("ix_training_sessions_project_id"), "training_sessions", ["project_id"], unique=False
    )
    op.create_index(op.f("ix_training_sessions_starts_at"), "training_sessions", ["starts_at"], unique=False)
    op.create_table(
        "blockers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_blockers_by_id")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_blockers_card_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["people.id"], name=op.f("fk_blockers_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blockers")),
    )
    op.create_index(op.f("ix_blockers_card_id"), "blockers", ["card_id"], unique=False)
    op.create_table(
        "card_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_card_links_card_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_links")),
    )
    op.create_index(op.f("ix_card_links_card_id"), "card_links", ["card_id"], unique=False)
    op.create_table(
        "checklist_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_checklist_items_card_id")),
        sa.ForeignKeyConstraint(["done_by_id"], ["people.id"], name=op.f("fk_checklist_items_done_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_items")),
    )
    op.create_index(op.f("ix_checklist_items_card_id"), "checklist_items", ["card_id"], unique=False)
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("mentions", Json, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_comments_by_id")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_comments_card_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_card_id"), "comments", ["card_id"], unique=False)
    op.create_table(
        "expert_asks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("hours", sa.Double(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("declined_at", UtcDateTime(), nullable=True),
        sa.Column("taken_back_at", UtcDateTime(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by_id"], ["people.id"], name=op.f("fk_expert_asks_asked_by_id")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_expert_asks_card_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_expert_asks_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_asks")),
    )
    op.create_index(op.f("ix_expert_asks_card_id"), "expert_asks", ["card_id"], unique=False)
    op.create_index(op.f("ix_expert_asks_person_id"), "expert_asks", ["person_id"], unique=False)
    op.create_table(
        "work_logs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("hours", sa.Double(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_work_logs_card_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_work_logs_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_logs")),
    )
    op.create_index(op.f("ix_work_logs_card_id"), "work_logs", ["card_id"], unique=False)
    op.create_index(
        "ix_work_logs_running",
        "work_logs",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.add_column("cards", sa.Column("blocked_since", UtcDateTime(), nullable=True))
    op.add_column("cards", sa.Column("due_on", sa.Date(), nullable=True))
    op.add_column("cards", sa.Column("source_name", sa.String(length=200), nullable=True))
    op.add_column("cards", sa.Column("source_key", sa.String(length=200), nullable=True))
    op.create_index(op.f("ix_cards_owner_id"), "cards", ["owner_id"], unique=False)
    op.create_index(
        op.f("ix_cards_source_name_source_key"), "cards", ["source_name", "source_key"], unique=True
    )
    op.add_column("columns", sa.Column("person_limit", sa.Integer(), nullable=True))
    op.add_column(
        "columns", sa.Column("limit_blocks", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("columns", sa.Column("policy", sa.Text(), server_default="", nullable=False))
    op.add_column("columns", sa.Column("retired_at", UtcDateTime(), nullable=True))
    op.add_column(
        "contributions", sa.Column("part", sa.String(length=200), server_default="", nullable=False)
    )
    op.add_column("decisions", sa.Column("before", Json, nullable=True))
    op.add_column("decisions", sa.Column("undone_at", UtcDateTime(), nullable=True))
    op.add_column("files", sa.Column("card_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_files_card_id"), "files", ["card_id"], unique=False)
    op.add_column("iterations", sa.Column("review", Json, nullable=True))
    op.add_column("iterations", sa.Column("retrospective", Json, nullable=True))
    op.drop_index(op.f("ix_learning_requests_rank"), table_name="learning_requests")
    op.create_index(
        "ix_learning_requests_rank",
        "learning_requests",
        ["status", sa.literal_column("leverage DESC"), "id"],
        unique=False,
    )
    op.add_column(
        "organisations", sa.Column("silence_weeks", sa.Integer(), server_default="12", nullable=False)
    )
    op.add_column("people", sa.Column("ask_limit", sa.Integer(), nullable=True))
    op.add_column("people", sa.Column("feed_version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("projects", sa.Column("hypothesis_parts", Json, nullable=True))
    op.add_column(
        "projects", sa.Column("sponsor_email", sa.String(length=254), server_default="", nullable=False)
    )
    op.add_column("projects", sa.Column("baseline_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("projects", "baseline_on")
    op.drop_column("projects", "sponsor_email")
    op.drop_column("projects", "hypothesis_parts")
    op.drop_column("people", "feed_version")
    op.drop_column("people", "ask_limit")
    op.drop_column("organisations", "silence_weeks")
    op.drop_index("ix_learning_requests_rank", table_name="learning_requests")
    op.create_index(
        op.f("ix_learning_requests_rank"), "learning_requests", ["status", "leverage", "id"], unique=False
    )
    op.drop_column("iterations", "retrospective")
    op.drop_column("iterations", "review")
    op.drop_index(op.f("ix_files_card_id"), table_name="files")
    op.drop_column("files", "card_id")
    op.drop_column("decisions", "undone_at")
    op.drop_column("decisions", "before")
    op.drop_column("contributions", "part")
    op.drop_column("columns", "retired_at")
    op.drop_column("columns", "policy")
    op.drop_column("columns", "limit_blocks")
    op.drop_column("columns", "person_limit")
    op.drop_index(op.f("ix_cards_source_name_source_key"), table_name="cards")
    op.drop_index(op.f("ix_cards_owner_id"), table_name="cards")
    op.drop_column("cards", "source_key")
    op.drop_column("cards", "source_name")
    op.drop_column("cards", "due_on")
    op.drop_column("cards", "blocked_since")
    op.drop_index(
        "ix_work_logs_running",
        table_name="work_logs",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(op.f("ix_work_logs_card_id"), table_name="work_logs")
    op.drop_table("work_logs")
    op.drop_index(op.f("ix_expert_asks_person_id"), table_name="expert_asks")
    op.drop_index(op.f("ix_expert_asks_card_id"), table_name="expert_asks")
    op.drop_table("expert_asks")
    op.drop_index(op.f("ix_comments_card_id"), table_name="comments")
    op.drop_table("comments")
    op.drop_index(op.f("ix_checklist_items_card_id"), table_name="checklist_items")
    op.drop_table("checklist_items")
    op.drop_index(op.f("ix_card_links_card_id"), table_name="card_links")
    op.drop_table("card_links")
    op.drop_index(op.f("ix_blockers_card_id"), table_name="blockers")
    op.drop_table("blockers")
    op.drop_index(op.f("ix_training_sessions_starts_at"), table_name="training_sessions")
    op.drop_index(op.f("ix_training_sessions_project_id"), table_name="training_sessions")
    op.drop_table("training_sessions")
    op.drop_index(op.f("ix_evaluation_steps_project_id"), table_name="evaluation_steps")
    op.drop_index(op.f("ix_evaluation_steps_due_on"), table_name="evaluation_steps")
    op.drop_table("evaluation_steps")
    op.drop_index(op.f("ix_revisits_learning_request_id"), table_name="revisits")
    op.drop_index(op.f("ix_revisits_due_on"), table_name="revisits")
    op.drop_table("revisits")
    op.drop_index(op.f("ix_reuses_resource_id"), table_name="reuses")
    op.drop_table("reuses")
    op.drop_index(op.f("ix_nudges_learning_request_id"), table_name="nudges")
    op.drop_table("nudges")
    op.drop_index(
        "ix_deliveries_waiting",
        table_name="deliveries",
        sqlite_where=sa.text("delivered_at IS NULL AND given_up_at IS NULL"),
        postgresql_where=sa.text("delivered_at IS NULL AND given_up_at IS NULL"),
    )
    op.drop_index(op.f("ix_deliveries_outlet_id"), table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_table("work_templates")
    op.drop_table("saved_views")
    op.drop_table("phrases")
    op.drop_table("outlets")
    op.drop_table("automations")
    op.drop_index(op.f("ix_promises_settled_at"), table_name="promises")
    op.drop_table("promises")
    op.drop_index(op.f("ix_automation_runs_key_occasion"), table_name="automation_runs")
    op.drop_index(op.f("ix_automation_runs_at"), table_name="automation_runs")
    op.drop_table("automation_runs")
