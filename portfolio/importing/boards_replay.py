"""Works out where a card from elsewhere stood in our columns and when: what its history would say had it been made here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portfolio.importing.boards import Brought, Stop
from portfolio.states import ColumnKind

BACKWARDS = "It ends before it begins, so its times are kept as they are and not averaged."


@dataclass(frozen=True)
class Standing:
    """One of our columns."""

    column: int
    kind: ColumnKind


@dataclass(frozen=True)
class Step:
    """The card came to a column."""

    at: datetime
    to: Standing


@dataclass(frozen=True)
class Story:
    """A card's way, from where it was made to where it stands; `steps` never go back in time and never stay in place.

    `remarks` say what the file left open and what was taken for it.
    """

    steps: tuple[Step, ...]
    made_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    put_away_at: datetime | None
    remarks: tuple[str, ...]

    @property
    def stands(self) -> Step:
        return self.steps[-1]


@dataclass(frozen=True)
class Ways:
    """Where places lead: a column, or nowhere. `first` is where new cards begin, `doing` the first column of work under way."""

    columns: Mapping[str, Standing]
    first: Standing
    doing: Standing | None

    @classmethod
    def of(cls, leads_to: Mapping[str, int], board: Sequence[Standing]) -> "Ways":
        """From a mapping of places to column ids, and the board's columns from left to right."""
        known = {one.column: one for one in board}
        columns = {place: known[column] for place, column in leads_to.items() if column in known}
        first = next((one for one in board if one.kind is ColumnKind.TO_DO), board[0])
        return cls(columns, first, next((one for one in board if one.kind is ColumnKind.DOING), None))


def replay(card: Brought, ways: Ways, now: datetime) -> Story:
    """The card's way through our columns. What lies in the future, or in places left out, didn't happen."""
    remarks = list(card.remarks)
    card_times = _Times(card, now, remarks)
    end = ways.columns[card.place]
    made = card_times.made
    known = [stop for stop in card.stops if stop.at <= now and stop.place in ways.columns]
    if len(known) < len(card.stops) and any(stop.at > now for stop in card.stops):
        remarks.append("Moves that lie in the future were left out.")
    path = _told(card, known, made, ways) if known else _guessed(card_times, end, ways, remarks)
    if path[-1].to != end:
        at = max(card_times.changed or path[-1].at, path[-1].at)
        remarks.append("When it came to where it stands is not in the file; its last change is taken.")
        path.append(Step(at, end))
    steps = _in_order(path)
    begun, ended = card_times.begun, card_times.ended
    if known:
        begun = begun or next((step.at for step in steps if step.to.kind is not ColumnKind.TO_DO), None)
    elif end.kind is ColumnKind.DOING:
        begun = begun or made
    if end.kind is not ColumnKind.DONE:
        ended = None
    elif known or ended is None:
        ended = _last_arrival(steps)
    if ended is not None and ended < (begun or made):
        remarks.append(BACKWARDS)
    return Story(steps, made, begun, ended, _put_away(card, card_times, steps, now), tuple(remarks))


class _Times:
    """A card's times, those in the future left out."""

    def __init__(self, card: Brought, now: datetime, remarks: list[str]) -> None:
        late = [
            name
            for name, at in (
                ("was made", card.made_at),
                ("began", card.begun_at),
                ("ended", card.ended_at),
                ("was changed", card.changed_at),
            )
            if at is not None and at > now
        ]
        if late:
            remarks.append(f"The time it {' and '.join(late)} lies in the future, so it is left out.")
        self.begun, self.ended, self.changed = (
            at if at is not None and at <= now else None
            for at in (card.begun_at, card.ended_at, card.changed_at)
        )
        given = card.made_at if card.made_at is not None and card.made_at <= now else None
        others = [at for at in (self.begun, self.ended, self.changed) if at is not None]
        others += [stop.at for stop in card.stops if datetime.min.replace(tzinfo=now.tzinfo) < stop.at <= now]
        if given is None and others:
            remarks.append("When it was made is not in the file; the first time known of it is taken.")
        elif given is None:
            remarks.append("No time is in the file, so it was made today.")
        self.made = given or min(others, default=now)


def _told(card: Brought, known: list[Stop], made: datetime, ways: Ways) -> list[Step]:
    """The way the file tells. It begins where the card was made, or where it first came to a place that is not left out."""
    first, *rest = known
    begins_at = made if first is card.stops[0] else first.at
    return [
        Step(begins_at, ways.columns[first.place]),
        *(Step(stop.at, ways.columns[stop.place]) for stop in rest),
    ]


def _guessed(times: _Times, end: Standing, ways: Ways, remarks: list[str]) -> list[Step]:
    """Without moves: made where new cards begin, begun and ended when the file says so."""
    if end.kind is ColumnKind.TO_DO:
        return [Step(times.made, end)]
    path = [Step(times.made, ways.first)]
    if end.kind is ColumnKind.DOING:
        if times.begun is None:
            remarks.append(
                "When it was begun is not in the file; the day it was made is taken, so it is at most that old."
            )
        return [*path, Step(times.begun or times.made, end)]
    if times.begun is not None and ways.doing is not None:
        path.append(Step(times.begun, ways.doing))
    if times.ended is None:
        known = "its last change" if times.changed else "the day it was made"
        remarks.append(f"When it was finished is not in the file; {known} is taken.")
    return [*path, Step(times.ended or times.changed or times.made, end)]


def _in_order(path: list[Step]) -> tuple[Step, ...]:
    """Never back in time, never from a column to itself."""
    steps = [path[0]]
    for step in path[1:]:
        if step.to != steps[-1].to:
            steps.append(Step(max(step.at, steps[-1].at), step.to))
    return tuple(steps)


def _last_arrival(steps: Sequence[Step]) -> datetime:
    """When it came to be done, and stayed so."""
    at = steps[-1].at
    for step in reversed(steps):
        if step.to.kind is not ColumnKind.DONE:
            break
        at = step.at
    return at


def _put_away(card: Brought, times: _Times, steps: Sequence[Step], now: datetime) -> datetime | None:
    if not card.is_put_away:
        return None
    known = card.put_away_at or times.changed or steps[-1].at
    return min(now, max(known, steps[-1].at))
