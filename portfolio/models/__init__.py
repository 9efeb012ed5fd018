"""Models remember: one noun per file, small predicates, no verbs."""

from portfolio.models.assessments import Assessment, Rubric
from portfolio.models.base import Base
from portfolio.models.cards import Card, Column
from portfolio.models.decisions import Decision
from portfolio.models.editions import Edition
from portfolio.models.events import Event, Pulse
from portfolio.models.goals import Goal
from portfolio.models.imports import Import
from portfolio.models.iterations import Iteration, Snapshot
from portfolio.models.learning_requests import Answer, LearningRequest, Message
from portfolio.models.mails import Mail
from portfolio.models.measures import Evaluation, Measure, Reading
from portfolio.models.organisation import Organisation
from portfolio.models.people import Person, SignInLink, Unit, Visit
from portfolio.models.projects import Contribution, Cost, Project
from portfolio.models.resources import Resource
from portfolio.models.surveys import Response, Survey
from portfolio.models.tokens import ApiToken, KeptAnswer

__all__ = [
    "Answer", "ApiToken", "Assessment", "Base", "Card", "Column", "Contribution", "Cost", "Decision", "Edition",
    "Evaluation", "Event", "Goal", "Import", "Iteration", "KeptAnswer", "LearningRequest", "Mail", "Measure",
    "Message", "Organisation", "Person", "Project", "Pulse", "Reading", "Resource", "Response", "Rubric",
    "SignInLink", "Snapshot", "Survey", "Unit", "Visit",
]  # fmt: skip
