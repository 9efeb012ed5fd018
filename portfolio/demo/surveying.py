"""Who takes part in what the demo's manager makes, and what they answer when its evaluation plan asks them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from unicodedata import normalize

from sqlalchemy import update
from sqlalchemy.orm import Session

from portfolio import (
    evaluating,
    participants,
    people,
    survey_answers,
    survey_invitations,
    survey_steps,
    surveys,
)
from portfolio.demo import company
from portfolio.demo.hours import DAY, Hours
from portfolio.links import Links
from portfolio.models import EvaluationStep, Invitation, Person, Project, Survey
from portfolio.rules.survey_questions import MANY, NUMBER, TEXT, Question, questions_of
from portfolio.rules.survey_templates import LEARNER

SEED = 1885
"""The year of the safety bicycle."""
UNITS = (
    "Assembly",
    "Sales",
    "Warehouse",
    "Customer Service",
    "Quality",
    "Purchasing",
    "Workshop",
    "Logistics",
)
MOST_LEARNERS = 42
A_TEAM = 7
LATELY = 4
LAST_NAMES = (
    "Adler", "Brandl", "Conti", "Dahl", "Engel", "Falk", "Gruber", "Holm", "Iversen", "Jung", "Kaya", "Lindner", "Meyer", "Novotny",
    "Otte", "Pohl", "Reuter", "Sommer", "Thoma", "Urban", "Weiss",
)  # fmt: skip
"""Other ones than those who ask have: who asks is told of by another story."""

WELL_AND_BADLY = {
    # how the answers to a question spread where the work did what it should, and where it did nothing
    "ready": ((1, 3, 9, 12, 6), (6, 9, 7, 3, 1)),
    "practised": ((1, 3, 5, 9, 7), (5, 8, 6, 3, 1)),
    "first_use": ((10, 8, 4, 2, 1), (3, 5, 4, 7, 5)),
    "obstacle": ((9, 6, 2, 1, 3, 2), (3, 8, 6, 4, 6, 3)),
    "used": ((9, 9, 4, 1, 2), (2, 3, 6, 8, 5)),
    "difference": ((5, 11, 4, 1, 1), (1, 3, 11, 3, 5)),
    "hindered": ((9, 6, 2, 1, 3, 2), (2, 9, 7, 4, 5, 3)),
    "lasting": ((5, 10, 4, 1, 1), (1, 3, 7, 6, 5)),
    "seen": ((3, 8, 4, 1, 1), (1, 2, 6, 7, 3)),
    "change": ((4, 8, 3, 1, 2), (1, 2, 9, 2, 4)),
    "outcome": ((6, 8, 3, 3, 2), (1, 3, 6, 8, 4)),
}
WORDS = (
    "A second afternoon two weeks later would help.", "More cases from our own line, fewer slides.", "The sheet is what I use most.",
    "We need the tool first, then the training.", "Please do it before the season, not in the middle of it.",
    "I showed it to two colleagues; it saves us about an hour a week.", "My lead should have been there too.",
)  # fmt: skip


@dataclass
class Surveying:
    """Asks what the plans say on their days, and lets people answer. Its chance is its own, so that nothing else of the year moves."""

    session: Session
    hours: Hours
    manager: Person
    links: Links
    then: Callable[[datetime, Callable[[datetime], None]], None]
    chance: Random = field(default_factory=lambda: Random(SEED))
    launched: list[Project] = field(default_factory=list)

    def begin(self) -> None:
        """Two surveys are open on the last day: one by name, and one that anybody with the link answers."""
        for days, ask in ((6, self._ask_by_name), (9, self._ask_anybody)):
            day = self.hours.workday(self.hours.today - days * DAY)
            self.then(self.hours.some_time_on(day, self.chance), ask)

    def launch(self, project: Project, learners: int, effect: float, at: datetime) -> None:
        """People begin to use it: they are named with their leads, and asked what the plan asks."""
        if learners:
            self._name(project, min(learners, MOST_LEARNERS), at)
            self.launched.append(project)
        for step in evaluating.of(self.session, project):
            if step.template and step.due_on is not None:
                day = max(step.due_on, self.hours.day_of(at) + DAY)
                ask = partial(self._ask, step, effect) if learners else partial(self._leave, project, step)
                self.then(self.hours.some_time_on(day, self.chance), ask)

    def _name(self, project: Project, count: int, at: datetime) -> None:
        unit = self.chance.choice(UNITS)
        other = self.chance.choice(UNITS)
        led: dict[int, Person] = {}
        found: list[Person] = []
        lead = self._somebody(unit, at)
        for number in range(count):
            if number % A_TEAM == 0:
                lead = self._somebody(unit if number % 2 else other, at)
            person = self._somebody(unit if number % 3 else other, at)
            if person.id != lead.id:
                found.append(person)
                led[person.id] = lead
        participants.add(
            self.session, project, found, leads=led, source="list", state="attended", by=self.manager, at=at
        )

    def _somebody(self, unit: str, at: datetime) -> Person:
        first, last = self.chance.choice(company.FIRST_NAMES), self.chance.choice(LAST_NAMES)
        email = f"{_plain(first)}.{_plain(last)}@fernweh.example"
        return people.meet(self.session, email, at=at, name=f"{first} {last}", unit=unit)

    def _leave(self, project: Project, step: EvaluationStep, at: datetime) -> None:
        """Nobody in particular uses it, so the manager looks for herself."""
        evaluating.finish(self.session, project, step, done=True, by=self.manager, at=at)

    def _ask(self, step: EvaluationStep, effect: float, at: datetime) -> None:
        survey = survey_steps.begin(self.session, step, at=at)
        if survey is not None:
            self._let_answer(survey, effect, at)

    def _ask_by_name(self, at: datetime) -> None:
        """About the largest of what began lately."""
        lately = self.launched[-LATELY:]
        if not lately:
            return
        project = max(lately, key=lambda one: len(participants.of(self.session, one)))
        survey = surveys.draft(self.session, template="success_case", project=project, by=self.manager, at=at)
        asked = survey_invitations.people_for(self.session, survey)
        survey_invitations.invite(self.session, survey, asked, by=self.manager, at=at)
        surveys.open_(self.session, survey, by=self.manager, at=at)
        self._let_answer(survey, 0.6, at)

    def _ask_anybody(self, at: datetime) -> None:
        survey = surveys.draft(
            self.session, template="needs", name="Needs: prompts that help", by=self.manager, at=at
        )
        survey.words = {
            "subject": "Two minutes before we make anything: prompts that help",
            "intro": "Many of you ask for a course about prompting. Before we make one, we'd like to know what your work needs.",
        }
        surveys.open_(self.session, survey, asked=180, by=self.manager, at=at)
        for number in range(23):
            self.then(self._later(at, number), partial(self._take_in, survey, f"demo-{number}"))

    # Answers

    def _let_answer(self, survey: Survey, effect: float, at: datetime) -> None:
        """Some answer, most of them soon; the mails themselves are left out of the year."""
        asked = survey_invitations.of_survey(self.session, survey)
        today = self.hours.day_of(at)
        self.session.execute(
            update(Invitation)
            .where(Invitation.survey_id == survey.id)
            .values(last_sent_at=at, next_on=today + 7 * DAY)
        )
        share = (
            self.chance.uniform(0.5, 0.8) if survey.audience == LEARNER else self.chance.uniform(0.6, 0.95)
        )
        answering = self.chance.sample(asked, max(1, round(share * len(asked))))
        for number, one in enumerate(answering):
            self.then(self._later(at, number), partial(self._answer, one, 0.35 + 0.6 * effect))
        last = survey.closes_on or today
        self.then(self.hours.at(last + DAY, 0.2), partial(self._close, survey))

    def _later(self, at: datetime, number: int) -> datetime:
        """The first within minutes, the others within days."""
        days = min(9, int(self.chance.expovariate(0.5))) if number else 0
        moment = self.hours.some_time_on(self.hours.day_of(at) + days * DAY, self.chance)
        return max(moment, at + timedelta(minutes=2 + number))

    def _answer(self, one: Invitation, good: float, at: datetime) -> None:
        pseudonym = survey_answers.pseudonym_for(self.links, one.survey, one.person)
        survey_answers.answer(self.session, one, self._said(one.survey, good), pseudonym=pseudonym, at=at)

    def _take_in(self, survey: Survey, key: str, at: datetime) -> None:
        unit = self.chance.choice(UNITS)
        said = self._said(survey, 0.5)
        survey_answers.take_in(self.session, survey, said, row_key=key, groups={"unit": unit}, at=at)

    def _said(self, survey: Survey, good: float) -> dict[str, Any]:
        return {one.key: self._choice(one, good) for one in questions_of(survey.questions)}

    def _choice(self, question: Question, good: float) -> Any:
        if question.kind == NUMBER or (question.kind == TEXT and self.chance.random() > 0.2):
            return ""
        if question.kind == TEXT:
            return "" if question.key == "contact" else self.chance.choice(WORDS)
        if question.kind == MANY:
            return self.chance.sample(question.options[:-1], self.chance.randint(1, 2))
        well, badly = WELL_AND_BADLY.get(question.key, ((1,) * 12, (1,) * 12))
        count = len(question.options)
        weights = [good * well[n] + (1 - good) * badly[n] for n in range(count)]
        return self.chance.choices(question.options, weights)[0]

    def _close(self, survey: Survey, at: datetime) -> None:
        surveys.close(self.session, survey, by=None, at=at)


def _plain(name: str) -> str:
    """A name as its mail address writes it."""
    kept = normalize("NFKD", name.replace("ı", "i").replace("ł", "l")).encode("ascii", "ignore").decode()
    return kept.lower()
