"""What people answered, counted by the database: distributions after the rules of disclosure, never a single answer.

One aggregated statement counts all surveys asked for, however many there are; nothing is read row by row.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from portfolio.models import Import, Response, Survey
from portfolio.models.base import UtcDateTime
from portfolio.rules import disclosure
from portfolio.rules.disclosure import SMALLEST
from portfolio.rules.distributions import Distribution, bases, distribute, response_rate
from portfolio.survey_statements import ON_POSTGRES, ON_SQLITE

LATE = datetime(9000, 1, 1, tzinfo=UTC)
NOT_SAID = "Not said"
MOST_WORDS = 200


@dataclass(frozen=True)
class Results:
    """What of a survey may be shown at a time. `why_not` says why nothing may be, "" where something is.

    `answered` of `asked` people answered (`asked` 0: nobody counted them); `rate` is their share, 0..1.
    """

    survey_id: int
    answered: int
    asked: int
    rate: float | None
    questions: tuple[Distribution, ...] = ()
    why_not: str = ""
    bases: str = ""
    kept_back: int = 0

    @property
    def is_shown(self) -> bool:
        return not self.why_not


@dataclass(frozen=True)
class Part:
    """A question's answers from one cell of people; `name` is the group, or the groups shown as one."""

    name: str
    distribution: Distribution


@dataclass(frozen=True)
class Breakdown:
    """A survey's answers by the one group it is ever broken down by: its parts by question key."""

    by: str
    parts: Mapping[str, tuple[Part, ...]]


@dataclass
class Counted:
    """How often each option of a question was chosen in one batch, and by how many people in all."""

    people: int = 0
    options: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Counted") -> None:
        self.people += other.people
        for option, count in other.options.items():
            self.options[option] = self.options.get(option, 0) + count


Batches = dict[int, Counted]
"""By number of the import the answers came with; 0 is what people answered here."""


def results(
    session: Session, surveys: Sequence[Survey], *, now: datetime, before: datetime | None = None
) -> dict[int, Results]:
    """What of each survey may be shown now, or could at a cut-off. Three statements however many surveys there are."""
    cut_off = before or LATE
    ready = [survey for survey in surveys if not _why_not(survey, min(now, cut_off))]
    totals = _totals(session, [survey.id for survey in surveys], cut_off)
    found = _counted(session, ready, cut_off)
    return {
        survey.id: _results(
            survey, totals[survey.id], found.get(survey.id, {}), _why_not(survey, min(now, cut_off))
        )
        for survey in surveys
    }


def how_many(session: Session, surveys: Sequence[Survey], *, before: datetime) -> dict[int, int]:
    """How many people had answered each survey before a moment."""
    return _totals(session, [one.id for one in surveys], before)


def answered_by_enough(
    session: Session, surveys: Sequence[Survey], *, before: datetime = LATE
) -> set[tuple[int, str]]:
    """Questions of closed surveys that enough people answered to be shown, by survey and key: one statement, however many surveys
    and answers. The same questions as `results` shows then, whatever files the answers came in: see `disclosure.releases`."""
    if not surveys:
        return set()
    rows = _run(session, "enough", [one.id for one in surveys], before=before, least=SMALLEST)
    return {(survey, key) for survey, key in rows}


def shown(session: Session, survey: Survey, *, now: datetime) -> Results:
    """What of a survey may be shown now: once it has closed all at once, or in steps of five where it is meant so."""
    return results(session, [survey], now=now)[survey.id]


def breakdown(session: Session, survey: Survey, *, now: datetime) -> Breakdown | None:
    """A closed survey by the groups it is broken down by. None where it has none, or no two cells of five people.

    There is one cut for ever: by file where answers came in several, else by the first group people gave. A survey shown in
    steps has none, since its earlier steps are a cut already.
    """
    if survey.in_steps or _why_not(survey, now):
        return None
    batches = session.scalars(select(Response.import_id).where(Response.survey_id == survey.id).distinct())
    if len(batches.all()) > 1:
        return _by_file(session, survey, _counted(session, [survey], LATE)[survey.id])
    return _by_group(session, survey)


def words(session: Session, survey: Survey, key: str, *, now: datetime, most: int = MOST_WORDS) -> list[str]:
    """What people wrote to a question of text, for managers only: by alphabet, so that the order tells nothing.

    Empty where fewer than five wrote something that may be shown.
    """
    if _why_not(survey, now):
        return []
    said = session.execute(
        select(Response.import_id, Response.answers[key].as_string())
        .where(Response.survey_id == survey.id)
        .order_by(Response.id)
    )
    given = [(number or 0, str(written).strip()) for number, written in said if str(written or "").strip()]
    if survey.in_steps:
        let_out = [written for _, written in given[: disclosure.in_steps(len(given))]]
    else:
        sizes: dict[int, int] = defaultdict(int)
        for number, _ in given:
            sizes[number] += 1
        out = {number for one in disclosure.releases(sorted(sizes.items())) for number in one.batches}
        let_out = [written for number, written in given if number in out]
    return sorted(let_out, key=lambda written: (written.casefold(), written))[:most]


# Below: how the queries above do it


def _why_not(survey: Survey, at: datetime) -> str:
    """Why nothing of a survey may be shown, whoever answered; "" where something may."""
    if survey.opened_at is None and survey.closed_at is None:
        return "It has not been sent out yet."
    if not survey.in_steps and (survey.closed_at is None or survey.closed_at > at):
        return "Answers are shown when it has closed, all at once, so that nobody can tell who said what by watching."
    return ""


def _results(survey: Survey, answered: int, found: Mapping[str, Batches], why_not: str) -> Results:
    rate = response_rate(answered, survey.sent_count)
    if not why_not and not disclosure.may_show(answered):
        why_not = f"Fewer than {SMALLEST} people answered, so nothing of it is shown."
    if why_not:
        return Results(survey.id, answered, survey.sent_count, rate, why_not=why_not)
    questions = tuple(
        _distribution(question, found.get(question["key"], {}), in_steps=survey.in_steps)
        for question in survey.questions
    )
    let_out = disclosure.in_steps(answered) if survey.in_steps else answered
    return Results(
        survey.id,
        answered,
        survey.sent_count,
        rate,
        questions,
        bases=bases(questions, answered=let_out, asked=survey.sent_count),
        kept_back=answered - let_out
        if survey.in_steps
        else max((one.kept_back for one in questions), default=0),
    )


def _distribution(question: Mapping[str, Any], batches: Batches, *, in_steps: bool) -> Distribution:
    """In steps, whether nobody answered a question or up to four did stays open: it could be watched change with one answer."""
    out, kept_back = _released(batches)
    made = distribute(question, out.options, out.people, kept_back)
    return replace(made, hidden=True) if in_steps and not out.people else made


def _released(batches: Batches) -> tuple[Counted, int]:
    """The batches that are let out as one, and how many answers wait for more."""
    let_out = disclosure.releases([(number, counted.people) for number, counted in sorted(batches.items())])
    whole = Counted()
    for number in (number for release in let_out for number in release.batches):
        whole.add(batches[number])
    return whole, sum(counted.people for counted in batches.values()) - whole.people


def _by_file(session: Session, survey: Survey, found: Mapping[str, Batches]) -> Breakdown | None:
    names = _file_names(session, {number for batches in found.values() for number in batches})
    parts = {}
    for question in survey.questions:
        batches = found.get(question["key"], {})
        let_out = disclosure.releases([(number, one.people) for number, one in sorted(batches.items())])
        if len(let_out) > 1 and question.get("kind") not in {"text", "number"}:
            parts[question["key"]] = tuple(
                _part(
                    question,
                    " and ".join(dict.fromkeys(names[number] for number in one.batches)),
                    [batches[number] for number in one.batches],
                )
                for one in let_out
            )
    return Breakdown("file", parts) if parts else None


def _by_group(session: Session, survey: Survey) -> Breakdown | None:
    by = session.scalar(
        select(Response.groups)
        .where(Response.survey_id == survey.id, Response.groups.is_not(None))
        .order_by(Response.id)
        .limit(1)
    )
    if not by:
        return None
    name = min(by)
    found = _grouped(session, survey, name)
    parts = {}
    for question in survey.questions:
        groups = found.get(question["key"], {})
        cut = disclosure.cells({group: one.people for group, one in groups.items()})
        if cut and question.get("kind") not in {"text", "number"}:
            parts[question["key"]] = tuple(
                _part(question, ", ".join(cell.names), [groups[group] for group in cell.names])
                for cell in cut
            )
    return Breakdown(name, parts) if parts else None


def _part(question: Mapping[str, Any], name: str, counted: Iterable[Counted]) -> Part:
    whole = Counted()
    for one in counted:
        whole.add(one)
    return Part(name, distribute(question, whole.options, whole.people))


def _file_names(session: Session, numbers: set[int]) -> dict[int, str]:
    """What the files are called: as they are known, or where two are known alike by their own name and number."""
    found = session.execute(
        select(Import.id, Import.mapping["source_name"].as_string(), Import.name).where(
            Import.id.in_(numbers)
        )
    ).all()
    known = Counter(named or name for _, named, name in found)
    own = Counter(name for *_, name in found)
    names = {0: "answered here"}
    for number, named, name in found:
        plain = named or name
        apart = name if own[name] == 1 else f"{name}, import {number}"
        names[number] = plain if known[plain] == 1 else apart
    return names


# Statements


def _counted(session: Session, surveys: Sequence[Survey], before: datetime) -> dict[int, dict[str, Batches]]:
    """Answers by survey, question key and batch. Of surveys shown in steps only the first whole steps of each question."""
    found: dict[int, dict[str, Batches]] = {survey.id: {} for survey in surveys}
    if surveys:
        for survey, batch, key, option, ticks, people in _run(session, "whole", list(found), before=before):
            _add(found[survey].setdefault(key, {}).setdefault(batch or 0, Counted()), option, ticks, people)
    stepped = {survey.id: _together(found[survey.id]) for survey in surveys if survey.in_steps}
    if stepped:
        _drop_last(stepped, _run(session, "latest", list(stepped), before=before))
    return found | stepped


def _together(found: Mapping[str, Batches]) -> dict[str, Batches]:
    """Each question's answers as one batch."""
    whole: dict[str, Batches] = {}
    for key, batches in found.items():
        whole[key] = {0: Counted()}
        for counted in batches.values():
            whole[key][0].add(counted)
    return whole


def _drop_last(stepped: dict[int, dict[str, Batches]], latest: Iterable[Any]) -> None:
    """Take the answers that fill no step out of each question. `latest`: its last few, newest first, with a line an option."""
    over = {
        (survey, key): batches[0].people - disclosure.in_steps(batches[0].people)
        for survey, questions in stepped.items()
        for key, batches in questions.items()
    }
    for survey, key, place, option, is_first in latest:
        if place < over.get((survey, key), 0):
            _add(stepped[survey][key][0], option, -1, -int(is_first))


def _grouped(session: Session, survey: Survey, name: str) -> dict[str, dict[str, Counted]]:
    """Answers to a survey by question key and group."""
    found: dict[str, dict[str, Counted]] = {}
    for _, group, key, option, ticks, people in _run(
        session, "grouped", [survey.id], before=LATE, group=name
    ):
        _add(found.setdefault(key, {}).setdefault(group or NOT_SAID, Counted()), option, ticks, people)
    return found


def _add(counted: Counted, option: str, ticks: int, people: int) -> None:
    counted.people += int(people)
    counted.options[option] = counted.options.get(option, 0) + int(ticks)


def _totals(session: Session, ids: Sequence[int], before: datetime) -> dict[int, int]:
    counted = {line[0]: line[1] for line in _run(session, "totals", ids, before=before)}
    return dict.fromkeys(ids, 0) | counted


def _run(session: Session, name: str, ids: Sequence[int], **values: Any) -> Iterable[Any]:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    statement = text((ON_SQLITE if on_sqlite else ON_POSTGRES)[name])
    statement = statement.bindparams(bindparam("before", type_=UtcDateTime()))
    return session.execute(
        statement, {"surveys": json.dumps(list(ids)) if on_sqlite else list(ids), **values}
    )
