"""Models remember: one noun per file, small predicates, no verbs."""

from portfolio.models.arrivals import Arrival
from portfolio.models.assessments import Assessment, Rubric
from portfolio.models.base import Base
from portfolio.models.cards import (
    Blocker,
    Card,
    CardLink,
    ChecklistItem,
    Column,
    Comment,
    ExpertAsk,
    SavedView,
    WorkLog,
)
from portfolio.models.decisions import Decision, Nudge, Phrase, Revisit
from portfolio.models.drafts import Draft, File
from portfolio.models.editions import Edition, Report, Share
from portfolio.models.events import Event, Pulse
from portfolio.models.forms import CauseTable, FormVersion
from portfolio.models.goals import Goal
from portfolio.models.imports import Import, ImportContent
from portfolio.models.iterations import Iteration, Snapshot
from portfolio.models.learning import (
    LearningActivity,
    LearningLookup,
    LearningRecord,
    LearningRefusal,
    LearningSource,
)
from portfolio.models.learning_requests import Answer, LearningRequest, Message
from portfolio.models.mails import Mail
from portfolio.models.measures import (
    BenefitEstimate,
    Evaluation,
    Measure,
    MeasureSource,
    Reading,
    SuccessCase,
    WithdrawnReading,
)
from portfolio.models.organisation import Organisation
from portfolio.models.outlets import Automation, AutomationRun, Delivery, Outlet
from portfolio.models.people import ErasedAddress, Person, SignInLink, Unit, Visit
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
from portfolio.models.projects import (
    Contribution,
    Cost,
    EvaluationStep,
    Project,
    Reuse,
    TrainingSession,
    WorkTemplate,
)
from portfolio.models.promises import Promise
from portfolio.models.resources import OutdatedReport, Resource
from portfolio.models.supporters import DemandAlert, Suggestion, Supporter
from portfolio.models.surveys import Invitation, Participant, Response, Survey, SurveyTemplate
from portfolio.models.tokens import ApiToken, KeptAnswer

__all__ = [
    "Absence", "Answer", "ApiToken", "Arrival", "AskedQuestion", "Assessment", "Automation",
    "AutomationRun", "Base", "BenefitEstimate", "Blocker", "Calibration", "Card", "CardLink",
    "CauseTable", "ChecklistItem", "Column", "Comment", "Contribution", "Cost", "Decision", "Delivery",
    "DemandAlert", "Draft", "Edition", "ErasedAddress", "Evaluation", "EvaluationStep", "Event", "ExpertAsk", "File",
    "FormVersion", "Goal", "GoalWeight", "Import", "ImportContent", "Interrupt", "Invitation",
    "Iteration", "KeptAnswer", "LearningActivity", "LearningLookup", "LearningRecord",
    "LearningRefusal", "LearningRequest", "LearningSource",
    "Mail", "Measure", "MeasureSource", "Message", "Method", "Nudge", "Organisation", "OutdatedReport",
    "Outlet", "Override", "Participant", "Person", "Phrase", "Placing", "PlacingDay", "Plan", "Project",
    "Promise", "Pulse", "Reading", "Report", "Resource", "Response", "Reuse", "Revisit", "Rubric",
    "RubricDraft", "SavedView", "Share", "SignInLink", "Snapshot", "SuccessCase", "Suggestion",
    "Supporter", "Survey", "SurveyTemplate", "Tie", "TrainingSession", "Unit", "Visit",
    "WithdrawnReading", "WorkLog", "WorkTemplate",
]  # fmt: skip
