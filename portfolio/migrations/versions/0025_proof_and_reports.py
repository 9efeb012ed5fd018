"""proof and reports: surveys in full, measures that are pulled, estimates, success cases, report designs, learning data"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json, UtcDateTime

revision = "0025"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learning_sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=1000), nullable=False),
        sa.Column("user", sa.String(length=120), nullable=False),
        sa.Column("secret", sa.String(length=300), nullable=False),
        sa.Column("about", Json, nullable=True),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("every_hours", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("next_run_at", UtcDateTime(), nullable=True),
        sa.Column("last_run_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["added_by_id"], ["people.id"], name=op.f("fk_learning_sources_added_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_sources")),
    )
    op.create_index(
        op.f("ix_learning_sources_next_run_at"), "learning_sources", ["next_run_at"], unique=False
    )
    op.create_table(
        "survey_templates",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("words", Json, nullable=False),
        sa.Column("questions", Json, nullable=False),
        sa.Column("days_after", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["people.id"], name=op.f("fk_survey_templates_changed_by_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_survey_templates")),
    )
    op.create_table(
        "learning_activities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("external", sa.String(length=500), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("about", Json, nullable=True),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("resource_id", sa.Integer(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_learning_activities_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resources.id"], name=op.f("fk_learning_activities_resource_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["learning_sources.id"], name=op.f("fk_learning_activities_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_activities")),
        sa.UniqueConstraint("source_id", "external", name=op.f("uq_learning_activities_source_id_external")),
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("sections", Json, nullable=False),
        sa.Column("rhythm", sa.String(length=12), nullable=False),
        sa.Column("rolling_days", sa.Integer(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("recipients", sa.String(length=2000), nullable=False),
        sa.Column("quiet_days", Json, nullable=True),
        sa.Column("goal_id", sa.Integer(), nullable=True),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_reports_by_id")),
        sa.ForeignKeyConstraint(["goal_id"], ["goals.id"], name=op.f("fk_reports_goal_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_reports_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(op.f("ix_reports_next_on"), "reports", ["next_on"], unique=False)
    op.create_table(
        "success_cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("who", sa.String(length=160), nullable=False),
        sa.Column("role", sa.String(length=160), nullable=False),
        sa.Column("used", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("barriers", sa.Text(), nullable=False),
        sa.Column("helped", sa.Text(), nullable=False),
        sa.Column("quote", sa.String(length=500), nullable=False),
        sa.Column("may_quote", sa.Boolean(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_success_cases_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_success_cases_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_success_cases")),
    )
    op.create_index(op.f("ix_success_cases_project_id"), "success_cases", ["project_id"], unique=False)
    op.create_table(
        "benefit_estimates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("measure_id", sa.Integer(), nullable=True),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.Column("isolation", sa.Double(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("basis", sa.String(length=500), nullable=False),
        sa.Column("pseudonym", sa.String(length=24), nullable=True),
        sa.Column("row_key", sa.String(length=64), nullable=True),
        sa.Column("left_out", sa.String(length=160), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_benefit_estimates_by_id")),
        sa.ForeignKeyConstraint(
            ["measure_id"], ["measures.id"], name=op.f("fk_benefit_estimates_measure_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_benefit_estimates_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benefit_estimates")),
    )
    op.create_index(
        op.f("ix_benefit_estimates_project_id"), "benefit_estimates", ["project_id"], unique=False
    )
    op.create_table(
        "learning_records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=True),
        sa.Column("external", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("pseudonym", sa.String(length=24), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("raw", Json, nullable=True),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["learning_activities.id"], name=op.f("fk_learning_records_activity_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_learning_records_person_id")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["learning_sources.id"], name=op.f("fk_learning_records_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_records")),
        sa.UniqueConstraint("source_id", "external", name=op.f("uq_learning_records_source_id_external")),
    )
    op.create_index(
        op.f("ix_learning_records_activity_id_kind"),
        "learning_records",
        ["activity_id", "kind"],
        unique=False,
    )
    op.create_index(op.f("ix_learning_records_person_id"), "learning_records", ["person_id"], unique=False)
    op.create_table(
        "measure_sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("measure_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("address", sa.String(length=1000), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("pick", sa.String(length=300), nullable=False),
        sa.Column("comparison", sa.Boolean(), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("next_run_at", UtcDateTime(), nullable=True),
        sa.Column("last_run_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["added_by_id"], ["people.id"], name=op.f("fk_measure_sources_added_by_id")),
        sa.ForeignKeyConstraint(["measure_id"], ["measures.id"], name=op.f("fk_measure_sources_measure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure_sources")),
    )
    op.create_index(op.f("ix_measure_sources_measure_id"), "measure_sources", ["measure_id"], unique=False)
    op.create_index(op.f("ix_measure_sources_next_run_at"), "measure_sources", ["next_run_at"], unique=False)
    op.create_table(
        "participants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["people.id"], name=op.f("fk_participants_lead_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_participants_person_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_participants_project_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_sessions.id"], name=op.f("fk_participants_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participants")),
        sa.UniqueConstraint("project_id", "person_id", name=op.f("uq_participants_project_id_person_id")),
    )
    op.create_index(op.f("ix_participants_person_id"), "participants", ["person_id"], unique=False)
    op.create_table(
        "shares",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_shares_by_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_shares_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares")),
    )
    op.create_index(op.f("ix_shares_edition_id"), "shares", ["edition_id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("last_sent_at", UtcDateTime(), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("refused_on", sa.Date(), nullable=True),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_invitations_person_id")),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name=op.f("fk_invitations_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("survey_id", "person_id", name=op.f("uq_invitations_survey_id_person_id")),
    )
    op.create_index(
        "ix_invitations_due",
        "invitations",
        ["next_on"],
        unique=False,
        sqlite_where=sa.text("next_on IS NOT NULL"),
        postgresql_where=sa.text("next_on IS NOT NULL"),
    )
    op.create_index(op.f("ix_invitations_person_id"), "invitations", ["person_id"], unique=False)
    op.add_column("costs", sa.Column("hours", sa.Double(), nullable=True))
    op.add_column("costs", sa.Column("rate", sa.Double(), nullable=True))
    op.add_column("costs", sa.Column("recorded_at", UtcDateTime(), nullable=True))
    op.add_column(
        "costs",
        sa.Column("by_id", sa.Integer(), sa.ForeignKey("people.id"), nullable=True),
        inline_references=True,
    )
    op.add_column(
        "editions",
        sa.Column(
            "report_id",
            sa.Integer(),
            sa.ForeignKey("reports.id"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column("editions", sa.Column("design", Json, nullable=True))
    op.add_column(
        "editions",
        sa.Column(
            "corrects_id",
            sa.Integer(),
            sa.ForeignKey("editions.id"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column(
        "editions", sa.Column("correction", sa.String(length=1000), server_default="", nullable=False)
    )
    op.add_column("editions", sa.Column("pptx", sa.LargeBinary(), nullable=True))
    op.add_column("editions", sa.Column("mail_html", sa.Text(), nullable=True))
    op.add_column(
        "evaluation_steps", sa.Column("owner_email", sa.String(length=254), server_default="", nullable=False)
    )
    op.add_column("evaluation_steps", sa.Column("template", sa.String(length=40), nullable=True))
    op.add_column(
        "evaluation_steps",
        sa.Column(
            "measure_id",
            sa.Integer(),
            sa.ForeignKey("measures.id"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column("evaluation_steps", sa.Column("tier", sa.Integer(), nullable=True))
    op.add_column("evaluation_steps", sa.Column("asked_at", UtcDateTime(), nullable=True))
    op.add_column(
        "evaluation_steps", sa.Column("problem", sa.String(length=300), server_default="", nullable=False)
    )
    op.add_column(
        "evaluations",
        sa.Column(
            "measure_id",
            sa.Integer(),
            sa.ForeignKey("measures.id"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column("evaluations", sa.Column("tier", sa.Integer(), nullable=True))
    op.add_column(
        "measures", sa.Column("value_basis", sa.String(length=300), server_default="", nullable=False)
    )
    op.add_column(
        "measures", sa.Column("family", sa.String(length=12), server_default="mean", nullable=False)
    )
    op.add_column("measures", sa.Column("read_every_days", sa.Integer(), nullable=True))
    op.add_column("measures", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("organisations", sa.Column("rates", Json, nullable=True))
    op.add_column(
        "organisations",
        sa.Column("least_grade", sa.String(length=24), server_default="adjusted_estimate", nullable=False),
    )
    op.add_column("people", sa.Column("no_surveys_at", UtcDateTime(), nullable=True))
    op.add_column(
        "people", sa.Column("unnamed", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("people", sa.Column("erased_at", UtcDateTime(), nullable=True))
    op.add_column("readings", sa.Column("subject", sa.String(length=64), nullable=True))
    op.add_column("readings", sa.Column("traits", Json, nullable=True))
    op.add_column("readings", sa.Column("exposure", sa.Double(), nullable=True))
    op.add_column("readings", sa.Column("row_key", sa.String(length=64), nullable=True))
    op.create_index(
        "ix_readings_row_key",
        "readings",
        ["measure_id", "row_key"],
        unique=True,
        sqlite_where=sa.text("row_key IS NOT NULL"),
        postgresql_where=sa.text("row_key IS NOT NULL"),
    )
    op.add_column("responses", sa.Column("pseudonym", sa.String(length=24), nullable=True))
    op.add_column("responses", sa.Column("groups", Json, nullable=True))
    op.add_column("responses", sa.Column("row_key", sa.String(length=64), nullable=True))
    op.create_index(
        op.f("ix_responses_survey_id_row_key"), "responses", ["survey_id", "row_key"], unique=True
    )
    op.add_column("surveys", sa.Column("name", sa.String(length=160), server_default="", nullable=False))
    op.add_column(
        "surveys", sa.Column("audience", sa.String(length=16), server_default="learner", nullable=False)
    )
    op.add_column("surveys", sa.Column("words", Json, nullable=True))
    op.add_column(
        "surveys",
        sa.Column(
            "session_id",
            sa.Integer(),
            sa.ForeignKey("training_sessions.id"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column(
        "surveys",
        sa.Column(
            "step_id",
            sa.Integer(),
            sa.ForeignKey("evaluation_steps.id"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column("surveys", sa.Column("source", sa.String(length=40), server_default="", nullable=False))
    op.add_column(
        "surveys", sa.Column("in_steps", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("surveys", sa.Column("closes_on", sa.Date(), nullable=True))
    op.add_column("surveys", sa.Column("opened_at", UtcDateTime(), nullable=True))
    op.add_column("surveys", sa.Column("closed_at", UtcDateTime(), nullable=True))
    op.add_column("surveys", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_index(op.f("ix_surveys_closed_at"), "surveys", ["closed_at"], unique=False)
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_index("ix_surveys_closed_at", table_name="surveys")
    op.drop_index("ix_responses_survey_id_row_key", table_name="responses")
    op.drop_index("ix_readings_row_key", table_name="readings")
    op.drop_column("surveys", "version")
    op.drop_column("surveys", "closed_at")
    op.drop_column("surveys", "opened_at")
    op.drop_column("surveys", "closes_on")
    op.drop_column("surveys", "in_steps")
    op.drop_column("surveys", "source")
    op.drop_column("surveys", "step_id")
    op.drop_column("surveys", "session_id")
    op.drop_column("surveys", "words")
    op.drop_column("surveys", "audience")
    op.drop_column("surveys", "name")
    op.drop_column("responses", "row_key")
    op.drop_column("responses", "groups")
    op.drop_column("responses", "pseudonym")
    op.drop_column("readings", "row_key")
    op.drop_column("readings", "exposure")
    op.drop_column("readings", "traits")
    op.drop_column("readings", "subject")
    op.drop_column("people", "erased_at")
    op.drop_column("people", "unnamed")
    op.drop_column("people", "no_surveys_at")
    op.drop_column("organisations", "least_grade")
    op.drop_column("organisations", "rates")
    op.drop_column("measures", "version")
    op.drop_column("measures", "read_every_days")
    op.drop_column("measures", "family")
    op.drop_column("measures", "value_basis")
    op.drop_column("evaluations", "tier")
    op.drop_column("evaluations", "measure_id")
    op.drop_column("evaluation_steps", "problem")
    op.drop_column("evaluation_steps", "asked_at")
    op.drop_column("evaluation_steps", "tier")
    op.drop_column("evaluation_steps", "measure_id")
    op.drop_column("evaluation_steps", "template")
    op.drop_column("evaluation_steps", "owner_email")
    op.drop_column("editions", "mail_html")
    op.drop_column("editions", "pptx")
    op.drop_column("editions", "correction")
    op.drop_column("editions", "corrects_id")
    op.drop_column("editions", "design")
    op.drop_column("editions", "report_id")
    op.drop_column("costs", "by_id")
    op.drop_column("costs", "recorded_at")
    op.drop_column("costs", "rate")
    op.drop_column("costs", "hours")
    op.drop_table("invitations")
    op.drop_table("shares")
    op.drop_table("participants")
    op.drop_table("measure_sources")
    op.drop_table("learning_records")
    op.drop_table("benefit_estimates")
    op.drop_table("success_cases")
    op.drop_table("reports")
    op.drop_table("learning_activities")
    op.drop_table("survey_templates")
    op.drop_table("learning_sources")
