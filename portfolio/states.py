"""The states things can be in and the moves allowed between them. A leaf: it imports nothing of ours."""

from enum import StrEnum


class Role(StrEnum):
    REQUESTER = "requester"
    CONTRIBUTOR = "contributor"
    MANAGER = "manager"
    LEADER = "leader"
    ADMIN = "admin"


class RequestStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    NEEDS_INFO = "needs_info"
    WAITLISTED = "waitlisted"
    SNOOZED = "snoozed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    JOINED = "joined"
    ANSWERED = "answered"
    DELIVERED = "delivered"
    VERIFIED = "verified"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What a manager can say to a request."""

    ACCEPT = "accept"
    ASK = "ask"
    JOIN = "join"
    ANSWER = "answer"
    REDIRECT = "redirect"
    WAITLIST = "waitlist"
    SNOOZE = "snooze"
    DECLINE = "decline"


class Quadrant(StrEnum):
    QUICK_WIN = "quick_win"
    BIG_BET = "big_bet"
    FILL_IN = "fill_in"
    MONEY_PIT = "money_pit"


class Stage(StrEnum):
    DISCOVER = "discover"
    PROTOTYPE = "prototype"
    PILOT = "pilot"
    BUILD = "build"
    LAUNCH = "launch"
    MEASURE = "measure"
    DONE = "done"
    STOPPED = "stopped"


class Health(StrEnum):
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"


class ColumnKind(StrEnum):
    """What standing in a column means for the clock: not started, started, finished."""

    TO_DO = "to_do"
    DOING = "doing"
    DONE = "done"


class IterationStatus(StrEnum):
    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


class ArrivalStatus(StrEnum):
    """What became of a mail that came in. Quarantined ones wait for the manager; dropped ones are kept and listed."""

    DRAFTED = "drafted"
    THREADED = "threaded"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"


class EditionStatus(StrEnum):
    ASKED = "asked"
    PUBLISHED = "published"
    FAILED = "failed"


class EvidenceGrade(StrEnum):
    """How sure an effect is, from the design that measured it, strongest first."""

    CONTROLLED = "controlled"
    SERIES = "interrupted_series"
    TREND = "trend"
    ESTIMATE = "adjusted_estimate"
    NONE = "none"


OPEN = frozenset(
    {
        RequestStatus.SUBMITTED,
        RequestStatus.NEEDS_INFO,
        RequestStatus.WAITLISTED,
        RequestStatus.SNOOZED,
    }
)
"""Requests that still wait for an outcome: they are ranked, and re-scored when the rubric changes."""

INBOX = frozenset({RequestStatus.SUBMITTED})
"""Requests the manager has not looked at yet."""

LEADS_TO: dict[Verdict, RequestStatus] = {
    Verdict.ACCEPT: RequestStatus.ACCEPTED,
    Verdict.ASK: RequestStatus.NEEDS_INFO,
    Verdict.JOIN: RequestStatus.JOINED,
    Verdict.ANSWER: RequestStatus.ANSWERED,
    Verdict.REDIRECT: RequestStatus.REDIRECTED,
    Verdict.WAITLIST: RequestStatus.WAITLISTED,
    Verdict.SNOOZE: RequestStatus.SNOOZED,
    Verdict.DECLINE: RequestStatus.DECLINED,
}

MOVES: dict[RequestStatus, frozenset[RequestStatus]] = {
    RequestStatus.DRAFT: frozenset({RequestStatus.SUBMITTED, RequestStatus.WITHDRAWN}),
    **{
        status: frozenset(LEADS_TO.values()) | {RequestStatus.SUBMITTED, RequestStatus.WITHDRAWN}
        for status in OPEN
    },
    RequestStatus.ACCEPTED: frozenset({RequestStatus.DELIVERED, RequestStatus.WITHDRAWN}),
    RequestStatus.DELIVERED: frozenset({RequestStatus.VERIFIED}),
    RequestStatus.DECLINED: frozenset({RequestStatus.SUBMITTED}),
    RequestStatus.REDIRECTED: frozenset({RequestStatus.SUBMITTED}),
    RequestStatus.JOINED: frozenset({RequestStatus.SUBMITTED}),
    RequestStatus.ANSWERED: frozenset({RequestStatus.SUBMITTED}),
    RequestStatus.VERIFIED: frozenset(),
    RequestStatus.WITHDRAWN: frozenset(),
}

LIVE_STAGES = frozenset(Stage) - {Stage.DONE, Stage.STOPPED}


class MoveRefused(ValueError):
    """The thing is not in a state from which this can be done."""


def check_move(status: RequestStatus, to: RequestStatus) -> None:
    """Raise MoveRefused unless a request may go from `status` to `to`."""
    if to not in MOVES[status]:
        raise MoveRefused(f"This request is {words(status)}, so it can't become {words(to)} any more.")


def words(state: StrEnum) -> str:
    """A state as a person reads it: `needs_info` is "needs info"."""
    return state.value.replace("_", " ")
