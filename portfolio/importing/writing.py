"""Writes many requests at once: the same rows `learning_requests.submit` writes one by one, in a few statements a thousand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portfolio import learning_requests, people
from portfolio.importing.account import Account
from portfolio.importing.candidates import Candidate, Reading, original
from portfolio.importing.judging import Here, Step
from portfolio.models import Answer, Base, Event, LearningRequest, Person
from portfolio.questions import FORM_VERSION
from portfolio.states import RequestStatus, Role
from portfolio.submission import ChangedAnswers, Requester, Submission

AT_ONCE = 1000


@dataclass
class Writing:
    """One import being written, and whom it met so far."""

    session: Session
    reading: Reading
    account: Account
    source: str
    by: Person | None
    at: datetime
    _met: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    _units: dict[str, int] = field(default_factory=dict)

    def write(self, steps: Iterable[Step]) -> None:
        """Write all steps, a thousand at a time, so that memory does not grow with the file."""
        rest = iter(steps)
        while some := list(islice(rest, AT_ONCE)):
            self._create([step.candidate for step in some if step.here is None])
            for step in some:
                if step.here is not None:
                    self._bring_up_to_date(step.candidate, step.here)

    def _create(self, candidates: Sequence[Candidate]) -> None:
        made = [(one, one.submission) for one in candidates if one.submission is not None]
        if not made:
            return
        self._know_units(one.unit for one, _ in made)
        self._meet([submission.requester for _, submission in made])
        rows = [self._row(candidate, submission) for candidate, submission in made]
        self.session.execute(insert(_table(LearningRequest)), rows)
        ids = self._ids([row["source_key"] for row in rows])
        answers = [
            {
                "learning_request_id": id_,
                "question": question,
                "value": value,
                "said_by_id": row["requester_id"],
                "said_at": row["submitted_at"],
                "form_version": FORM_VERSION,
            }
            for id_, row, (candidate, _) in zip(ids, rows, made, strict=True)
            for question, value in candidate.values.items()
        ]
        self.session.execute(insert(_table(Answer)), answers)
        self.session.execute(
            insert(_table(Event)), [self._event(id_, row) for id_, row in zip(ids, rows, strict=True)]
        )
        self.account.numbers.update((one.line, id_) for id_, (one, _) in zip(ids, made, strict=True))

    def _ids(self, keys: Sequence[str]) -> list[int]:
        """The numbers of the requests just written; asking for them is quicker than having each row returned."""
        found = self.session.execute(
            select(LearningRequest.source_key, LearningRequest.id).where(
                LearningRequest.source_name == self.reading.mapping.source_name,
                LearningRequest.source_key.in_(keys),
            )
        )
        by_key = {key: id_ for key, id_ in found}  # noqa: C416 - rows are no pairs to the type checker
        return [by_key[key] for key in keys]

    def _row(self, candidate: Candidate, submission: Submission) -> dict[str, Any]:
        submitted_at = candidate.submitted_at or self.at
        requester_id, unit_id = self._met[submission.requester.email]
        return {
            "title": submission.title,
            "status": RequestStatus.SUBMITTED,
            "status_since": submitted_at,
            "requester_id": requester_id,
            "unit_id": self._units[candidate.unit.lower()] if candidate.unit else unit_id,
            "submitted_at": submitted_at,
            "source": self.source,
            "source_name": self.reading.mapping.source_name,
            "source_key": candidate.key,
            "original": original(self.reading, candidate),
            "score_wanted_at": self.at,
        }

    def _event(self, id_: int, row: dict[str, Any]) -> dict[str, Any]:
        return {
            "at": row["submitted_at"],
            "action": "learning_request.submitted",
            "subject_type": LearningRequest.__tablename__,
            "subject_id": id_,
            "by_id": self.by.id if self.by else row["requester_id"],
            "details": {"source": self.source, "form_version": FORM_VERSION},
        }

    def _know_units(self, names: Iterable[str]) -> None:
        for name in sorted(set(filter(None, names))):
            if name.lower() not in self._units:
                self._units[name.lower()] = people.find_unit(self.session, name).id

    def _meet(self, askers: Sequence[Requester]) -> None:
        """Know everybody in `askers`, as `people.meet` would: a name or unit fills in one that was missing."""
        new = {asker.email: asker for asker in reversed(askers) if asker.email not in self._met}
        if not new:
            return
        self._insert_people(list(new))
        found = self.session.execute(
            select(Person.id, Person.email, Person.name, Person.unit_id).where(Person.email.in_(new))
        ).all()
        filled = []
        for id_, email, name, unit_id in found:
            asker = new[email]
            unit = unit_id or (self._units[asker.unit.lower()] if asker.unit else None)
            if (asker.name and not name) or unit != unit_id:
                filled.append({"id": id_, "name": name or asker.name, "unit_id": unit})
            self._met[email] = (id_, unit)
        if filled:
            self.session.execute(update(Person), filled)

    def _insert_people(self, emails: Sequence[str]) -> None:
        dialect = sqlite if self.session.get_bind().dialect.name == "sqlite" else postgresql
        rows = [
            {"email": email, "name": "", "roles": Role.REQUESTER.value, "created_at": self.at}
            for email in emails
        ]
        self.session.execute(dialect.insert(Person).on_conflict_do_nothing(), rows)

    def _bring_up_to_date(self, candidate: Candidate, here: Here) -> None:
        learning_request = learning_requests.find(self.session, here.number)
        if learning_request is None or candidate.submission is None:
            return
        changed = ChangedAnswers.model_validate(candidate.values)
        learning_requests.change_answers(self.session, learning_request, changed, by=self.by, at=self.at)
        learning_request.title = candidate.submission.title
        learning_request.original = original(self.reading, candidate)


def _table(model: type[Base]) -> Table:
    """A model's table: writing to it skips the bookkeeping a mapped class would do for each row."""
    return Base.metadata.tables[model.__tablename__]
