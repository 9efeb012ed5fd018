"""Models remember: one noun per file, small predicates, no verbs."""

from portfolio.models.arrivals import Arrival
from portfolio.models.assessments import Assessment, Rubric
from portfolio.models.base import Base
from portfolio.models.cards import Card, Column
from portfolio.models.decisions import Decision
from portfolio.models.drafts import Draft, File
from portfolio.models.editions import Edition
from portfolio.models.events import Event, Pulse
from portfolio.models.forms import CauseTable, FormVersion
from portfolio.models.goals import Goal
from portfolio.models.imports import Import, ImportContent
from portfolio.models.iterations import Iteration, Snapshot
from portfolio.models.learning_requests import Answer, LearningRequest, Message
from portfolio.models.mails import Mail
from portfolio.models.measures import Evaluation, Measure, Reading
from portfolio.models.organisation import Organisation
from portfolio.models.people import Person, SignInLink, Unit, Visit
from portfolio.models.plans import (
    Absence,
    AskedQuestion,
    Calibration,
    GoalWeight,
    Interrupt,
    Method,
    Override,
    Placing,
    PlacingDay,
    Plan,
    RubricDraft,
    Tie,
)
from portfolio.models.projects import Contribution, Cost, Project
from portfolio.models.resources import OutdatedReport, Resource
from portfolio.models.supporters import DemandAlert, Suggestion, Supporter
from portfolio.models.surveys import Response, Survey
from portfolio.models.tokens import ApiToken, KeptAnswer

__all__ = [
    "Absence", "Answer", "ApiToken", "Arrival", "AskedQuestion", "Assessment", "Base", "Calibration", "Card",
    "CauseTable", "Column", "Contribution", "Cost", "Decision", "DemandAlert", "Draft", "Edition",
    "Evaluation", "Event", "File", "FormVersion", "Goal", "GoalWeight", "Import", "ImportContent",
    "Interrupt", "Iteration", "KeptAnswer", "LearningRequest", "Mail", "Measure", "Message", "Method",
    "Organisation", "OutdatedReport", "Override", "Person", "Placing", "PlacingDay", "Plan", "Project", "Pulse", "Reading",
    "Resource", "Response", "Rubric", "RubricDraft", "SignInLink", "Snapshot", "Suggestion", "Supporter",
    "Survey", "Tie", "Unit", "Visit",
]  # fmt: skip
