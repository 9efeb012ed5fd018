"""Writes many requests at once: the same rows `learning_requests.submit` writes one by one, in a few statements a thousand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, selectinload

from portfolio import learning_requests, people
from portfolio.importing.account import Account
from portfolio.importing.candidates import Candidate, Reading, original
from portfolio.importing.judging import Here, Step
from portfolio.models import Answer, Base, Event, LearningRequest, Person
from portfolio.questions import FORM_VERSION
from portfolio.states import RequestStatus, Role
from portfolio.submission import ChangedAnswers, Requester, Submission


@dataclass
class Writing:
    """One import being written, and whom it met so far. Of no use any more once a transaction it wrote in was lost."""

    reading: Reading
    account: Account
    source: str
    by_id: int | None
    at: datetime
    _met: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    _units: dict[str, int] = field(default_factory=dict)

    def write(self, session: Session, steps: Iterable[Step]) -> None:
        """Write some steps; as many at once as fit into memory and a statement, about a thousand."""
        some = list(steps)
        self._create(session, [step.candidate for step in some if step.here is None])
        changed = [step.here.number for step in some if step.here is not None]
        held = session.scalars(_with_answers(changed)).all() if changed else []
        for step in some:
            if step.here is not None:
                self._bring_up_to_date(session, step.candidate, step.here)
        del held  # kept until here, or each would be read again by itself

    def _create(self, session: Session, candidates: Sequence[Candidate]) -> None:
        here = self._ids(session, [one.key for one in candidates])
        self.account.numbers.update((one.line, here[one.key]) for one in candidates if one.key in here)
        made = [
            (one, one.submission) for one in candidates if one.submission is not None and one.key not in here
        ]
        if not made:
            return
        self._know_units(session, (one.unit for one, _ in made))
        self._meet(session, [submission.requester for _, submission in made])
        rows = [self._row(candidate, submission) for candidate, submission in made]
        session.execute(insert(_table(LearningRequest)), rows)
        by_key = self._ids(session, [row["source_key"] for row in rows])
        ids = [by_key[row["source_key"]] for row in rows]
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
        session.execute(insert(_table(Answer)), answers)
        session.execute(
            insert(_table(Event)), [self._event(id_, row) for id_, row in zip(ids, rows, strict=True)]
        )
        self.account.numbers.update((one.line, id_) for id_, (one, _) in zip(ids, made, strict=True))

    def _ids(self, session: Session, keys: Sequence[str]) -> dict[str, int]:
        """The numbers of requests by row key; asking for them is quicker than having each written row returned."""
        found = session.execute(
            select(LearningRequest.source_key, LearningRequest.id).where(
                LearningRequest.source_name == self.reading.mapping.source_name,
                LearningRequest.source_key.in_(keys),
            )
        )
        return {key: id_ for key, id_ in found if key}

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
            "by_id": self.by_id or row["requester_id"],
            "details": {"source": self.source, "form_version": FORM_VERSION},
        }

    def _know_units(self, session: Session, names: Iterable[str]) -> None:
        for name in sorted(set(filter(None, names))):
            if name.lower() not in self._units:
                self._units[name.lower()] = people.find_unit(session, name).id

    def _meet(self, session: Session, askers: Sequence[Requester]) -> None:
        """Know everybody in `askers`, as `people.meet` would: a name or unit fills in one that was missing."""
        new = {asker.email: asker for asker in reversed(askers) if asker.email not in self._met}
        if not new:
            return
        self._insert_people(session, list(new))
        found = session.execute(
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
            session.execute(update(Person), filled)

    def _insert_people(self, session: Session, emails: Sequence[str]) -> None:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        rows = [
            {"email": email, "name": "", "roles": Role.REQUESTER.value, "created_at": self.at}
            for email in emails
        ]
        session.execute(dialect.insert(Person).on_conflict_do_nothing(), rows)

    def _bring_up_to_date(self, session: Session, candidate: Candidate, here: Here) -> None:
        learning_request = learning_requests.find(session, here.number)
        if learning_request is None or candidate.submission is None:
            return
        changed = ChangedAnswers.model_validate(candidate.values)
        by = session.get(Person, self.by_id) if self.by_id else None
        learning_requests.change_answers(session, learning_request, changed, by=by, at=self.at)
        learning_request.title = candidate.submission.title
        learning_request.original = original(self.reading, candidate)


def _with_answers(ids: Sequence[int]) -> Select[LearningRequest]:
    query = select(LearningRequest).where(LearningRequest.id.in_(ids))
    return query.options(selectinload(LearningRequest.answers))


def _table(model: type[Base]) -> Table:
    """A model's table: writing to it skips the bookkeeping a mapped class would do for each row."""
    return Base.metadata.tables[model.__tablename__]
