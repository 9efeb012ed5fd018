"""Compares what a file holds with what is here already, and says of each row what becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from portfolio.importing.account import Account, Fate
from portfolio.importing.candidates import Candidate, Reading, requests
from portfolio.importing.needs import Answer, Survey

_STRONGEST = (Fate.CREATED, Fate.UPDATED, Fate.ALREADY_HERE, Fate.REFUSED)


@dataclass(frozen=True)
class Here:
    """A request taken from the same source before; `met` is its fate where that was by this very import, cut short."""

    number: int
    mark: str
    is_open: bool
    met: Fate | None = None


Known = dict[str, Here]


@dataclass(frozen=True)
class Step:
    """A request to write: a new one, or the one that is `here` to bring up to date."""

    candidate: Candidate
    here: Here | None = None


def steps(reading: Reading, known: Known, account: Account) -> Iterator[Step | None]:
    """What has to be written, in the file's order, None for a row that asks for nothing; then the account is whole."""
    judge = _survey if reading.mapping.kind == "needs_survey" else _requests
    yield from judge(reading, known, account)


def _requests(reading: Reading, known: Known, account: Account) -> Iterator[Step | None]:
    met: dict[str, tuple[int, str]] = {}
    for candidate in requests(reading):
        if candidate.reason:
            account.refuse(candidate.line, candidate.reason, candidate.cells)
            yield None
        elif candidate.key in met:
            _again(candidate, *met[candidate.key], account)
            yield None
        else:
            met[candidate.key] = (candidate.line, candidate.mark)
            fate, here = _fate(candidate, known)
            if fate is Fate.REFUSED and here is not None:
                account.refuse(candidate.line, _closed(here), candidate.cells)
            else:
                account.settle(candidate.line, fate, here.number if here else None)
            yield from _step(candidate, fate, here, account)


def _again(candidate: Candidate, line: int, mark: str, account: Account) -> None:
    """The second row of one key: the same words are merged, other words under one id are nobody's to choose."""
    if candidate.mark == mark:
        account.merge(candidate.line, line)
        return
    id_ = candidate.key.removeprefix("id:")
    account.refuse(
        candidate.line, f"The id {id_} stands in line {line} already, with other words.", candidate.cells
    )


def _fate(candidate: Candidate, known: Known) -> tuple[Fate, Here | None]:
    here = known.get(candidate.key)
    if here is None:
        return Fate.CREATED, None
    if here.mark == candidate.mark:
        return here.met or Fate.ALREADY_HERE, here
    return (Fate.UPDATED if here.is_open else Fate.REFUSED), here


def _closed(here: Here) -> str:
    return f"It became request {here.number}, which is closed, so its answers stay as they are."


def _step(candidate: Candidate, fate: Fate, here: Here | None, account: Account) -> Iterator[Step | None]:
    account.made[fate] += 1
    if fate in {Fate.CREATED, Fate.UPDATED}:
        account.show(fate, candidate)
    is_news = fate in {Fate.CREATED, Fate.UPDATED} and (here is None or here.met is None)
    yield Step(candidate, here) if is_news else None


def _survey(reading: Reading, known: Known, account: Account) -> Iterator[Step | None]:
    """Needs come from all rows, so a row that only grades is settled once they are counted."""
    survey = Survey(reading)
    only_grades: list[Answer] = []
    for answer in survey.answers():
        if answer.reason:
            account.refuse(answer.line, answer.reason, answer.cells)
        elif answer.wishes:
            yield from _wishes(answer, known, account)
        else:
            only_grades.append(answer)
        yield None
    changed = False
    for candidate in survey.candidates():
        if candidate.reason or candidate.submission is None:
            account.notes.append(f"A topic can't be taken: {candidate.reason}")
            continue
        fate, here = _fate(candidate, known)
        changed = changed or fate in {Fate.CREATED, Fate.UPDATED}
        account.need(candidate, fate, here.number if here else None)
        yield from _step(candidate, fate, here, account)
    for answer in only_grades:
        account.settle(answer.line, Fate.MERGED if changed else Fate.ALREADY_HERE)
    account.outcomes.sort(key=lambda outcome: outcome[0])
    for word, times in survey.unknown_words.most_common(10):
        account.notes.append(
            f"“{word}” ({times} times) is not in the scale, so it does not count as wanting a topic."
        )


def _wishes(answer: Answer, known: Known, account: Account) -> Iterator[Step | None]:
    """A row meets the strongest fate of its wishes."""
    met: dict[Fate, Here | None] = {}
    for wish in answer.wishes:
        fate, here = _fate(wish, known)
        met.setdefault(fate, here)
        yield from _step(wish, fate, here, account)
    strongest = next(fate for fate in _STRONGEST if fate in met)
    here = met[strongest]
    if strongest is Fate.REFUSED and here is not None:
        account.refuse(answer.line, _closed(here), answer.cells)
    else:
        account.settle(answer.line, strongest, here.number if here else None)
