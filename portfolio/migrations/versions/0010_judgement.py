"""plans, overrides, ties, placings, questions asked, absences, interrupts, calibrations, methods, weights by period"""

import sqlalchemy as sa
from alembic import op

from portfolio.models.base import Json, UtcDateTime

revision = "0010"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "goal_weights",
        sa.Column("goal_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["goals.id"], name=op.f("fk_goal_weights_goal_id")),
        sa.PrimaryKeyConstraint("goal_id", "from_on", name=op.f("pk_goal_weights")),
    )
    op.create_table(
        "absences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_absences_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_until_on"), "absences", ["until_on"], unique=False)

    op.create_table(
        "calibrations",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("applies", Json, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["made_by_id"], ["people.id"], name=op.f("fk_calibrations_made_by_id")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_calibrations")),
    )
    op.create_table(
        "interrupts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_interrupts_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interrupts")),
    )
    op.create_index(op.f("ix_interrupts_at"), "interrupts", ["at"], unique=False)

    op.create_table(
        "methods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("expression", sa.String(length=1000), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["added_by_id"], ["people.id"], name=op.f("fk_methods_added_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_methods")),
        sa.UniqueConstraint("name", name=op.f("uq_methods_name")),
    )
    op.create_table(
        "plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("why", sa.String(length=24), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("capacity_hours", sa.Double(), nullable=False),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("cut_value", sa.Double(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("accepted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["accepted_by_id"], ["people.id"], name=op.f("fk_plans_accepted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_made_at"), "plans", ["made_at"], unique=False)

    op.create_table(
        "rubric_drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["people.id"], name=op.f("fk_rubric_drafts_changed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubric_drafts")),
    )
    op.create_table(
        "asked_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learning_request_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("worth", sa.Double(), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("before", Json, nullable=True),
        sa.Column("after", Json, nullable=True),
        sa.ForeignKeyConstraint(["asked_by_id"], ["people.id"], name=op.f("fk_asked_questions_asked_by_id")),
        sa.ForeignKeyConstraint(
            ["learning_request_id"],
            ["learning_requests.id"],
            name=op.f("fk_asked_questions_learning_request_id"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_asked_questions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_questions")),
    )
    op.create_index(
        op.f("ix_asked_questions_learning_request_id"),
        "asked_questions",
        ["learning_request_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_asked_questions_person_id_asked_at"),
        "asked_questions",
        ["person_id", "asked_at"],
        unique=False,
    )

    op.create_table(
        "overrides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learning_request_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("price", Json, nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_overrides_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["people.id"], name=op.f("fk_overrides_ended_by_id")),
        sa.ForeignKeyConstraint(
            ["learning_request_id"], ["learning_requests.id"], name=op.f("fk_overrides_learning_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overrides")),
    )
    op.create_index(
        op.f("ix_overrides_learning_request_id"), "overrides", ["learning_request_id"], unique=False
    )

    op.create_table(
        "placings",
        sa.Column("learning_request_id", sa.Integer(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("leverage", sa.Double(), nullable=False),
        sa.Column("parts", Json, nullable=False),
        sa.Column("because", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(
            ["learning_request_id"], ["learning_requests.id"], name=op.f("fk_placings_learning_request_id")
        ),
        sa.PrimaryKeyConstraint("learning_request_id", "taken_on", name=op.f("pk_placings")),
    )
    op.create_index(op.f("ix_placings_taken_on"), "placings", ["taken_on"], unique=False)

    op.create_table(
        "ties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learning_request_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_ties_by_id")),
        sa.ForeignKeyConstraint(
            ["learning_request_id"], ["learning_requests.id"], name=op.f("fk_ties_learning_request_id")
        ),
        sa.ForeignKeyConstraint(["other_id"], ["learning_requests.id"], name=op.f("fk_ties_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ties")),
        sa.UniqueConstraint(
            "learning_request_id", "other_id", "kind", name=op.f("uq_ties_learning_request_id_other_id_kind")
        ),
    )
    op.create_index(op.f("ix_ties_other_id"), "ties", ["other_id"], unique=False)

    op.add_column("learning_requests", sa.Column("not_before", sa.Date(), nullable=True))
    op.add_column("learning_requests", sa.Column("expert_id", sa.Integer(), nullable=True))
    op.add_column("learning_requests", sa.Column("chance_in_plan", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("learning_requests", "chance_in_plan")
    op.drop_column("learning_requests", "expert_id")
    op.drop_column("learning_requests", "not_before")

    op.drop_index(op.f("ix_ties_other_id"), "ties")

    op.drop_table("ties")
    op.drop_index(op.f("ix_placings_taken_on"), "placings")

    op.drop_table("placings")
    op.drop_index(op.f("ix_overrides_learning_request_id"), "overrides")

    op.drop_table("overrides")
    op.drop_index(op.f("ix_asked_questions_person_id_asked_at"), "asked_questions")
    op.drop_index(op.f("ix_asked_questions_learning_request_id"), "asked_questions")

    op.drop_table("asked_questions")
    op.drop_table("rubric_drafts")
    op.drop_index(op.f("ix_plans_made_at"), "plans")

    op.drop_table("plans")
    op.drop_table("methods")
    op.drop_index(op.f("ix_interrupts_at"), "interrupts")

    op.drop_table("interrupts")
    op.drop_table("calibrations")
    op.drop_index(op.f("ix_absences_until_on"), "absences")

    op.drop_table("absences")
    op.drop_table("goal_weights")
