"""How the work stands: what came in, was decided, begun, finished and stopped, and how long it took. Frames in, JSON out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import select

from portfolio.models import Edition
from portfolio.rules import flow
from portfolio.states import EditionStatus, RequestStatus, Stage
from reports import words
from reports.asked import LIVE, Asked
from reports.frames import Frames, moments, rows_of, values_to_date, within
from reports.scope import Scope, Window
from reports.tables import Table, table

LEAST_FOR_PERCENTILES = 5
PROMISES = (50, 85)
YEAR = timedelta(days=366)
LEAST_DAYS = 28
ONE_MORE_BELOW = 10
"""Values to date nearer together than this tell no pace."""
FULL_ENOUGH = 14 * flow.DAY
"""How late the records may begin in a period for it to be compared with."""


def key_figures(frames: Frames, scope: Scope) -> tuple[list[dict[str, str]], list[Table]]:
    """The band at the top: each figure with what it is of, and how it changed."""
    compare = _comparison(frames, scope)
    now, then = _counts(frames, scope.window), _counts(frames, scope.before)
    shown = [
        _kpi(
            "Requests received",
            words.number(now["received"]),
            f"and {words.number(now['imported'])} imported"
            if now["imported"]
            else "by people, none imported",
            _more(now["received"], then["received"], compare),
        ),
        _kpi(
            "Requests decided",
            words.number(now["decided"]),
            f"{words.share(now['decided'], now['waited'])} that waited" if now["waited"] else "none waited",
            _more(now["decided"], then["decided"], compare),
        ),
        _kpi(
            "Time to first decision",
            words.lasting(now["days_to_decide"]) if now["decided"] else "–",
            f"median of {words.counted(now['decided'], 'decision')}" if now["decided"] else "nothing decided",
            _longer(now["days_to_decide"], now["decided"], then["days_to_decide"], then["decided"], compare),
        ),
        _kpi(
            "Projects finished",
            words.number(now["finished"]),
            f"of {now['worked_on']} worked on, {now['stopped'] or 'none'} stopped early",
            _more(now["finished"], then["finished"], compare),
        ),
        _kpi(
            "Hours delivered",
            words.number(round(now["hours_done"])) if now["iterations"] else "–",
            f"of {words.number(now['capacity_hours'])} available in {words.counted(now['iterations'], 'iteration')} closed"
            if now["iterations"]
            else "no iteration closed",
            _more(now["hours_done"], then["hours_done"], compare) if now["iterations"] else "",
        ),
    ]
    names = {
        "received": "Requests received from people",
        "imported": "Requests imported",
        "waited": "Requests that waited at some time",
        "decided": "Requests decided for the first time",
        "days_to_decide": "Median days to first decision",
        "still_waiting": "Requests still waiting at the end",
        "worked_on": "Projects worked on",
        "started": "Projects started",
        "finished": "Projects finished",
        "stopped": "Projects stopped early",
        "iterations": "Iterations closed",
        "hours_done": "Hours delivered in iterations closed",
        "capacity_hours": "Hours available in iterations closed",
    }
    columns = (("Figure", "text"), ("This period", "number"), ("Period before", "number"))
    rows = [[label, now[key], then[key]] for key, label in names.items()]
    return shown, [table("key_figures", "Key figures", columns, rows)]


def compared(frames: Frames, scope: Scope) -> str:
    """What "before" means in the band."""
    before = _comparison(frames, scope)
    return f"“Before” is {before}." if before else "No earlier period is on record to compare with."


def goals(it: Asked) -> tuple[list[dict[str, Any]], list[Table]]:
    """Each goal: target, year to date, where it is heading, and what serves it."""
    frames, scope = it.frames, it.scope
    open_now = {
        RequestStatus.SUBMITTED,
        RequestStatus.NEEDS_INFO,
        RequestStatus.WAITLISTED,
        RequestStatus.SNOOZED,
    }
    waiting = frames.requests[frames.requests["status"].isin({status.value for status in open_now})]
    done = frames.projects[within(frames.projects["ended_at"], scope.window)]
    done = done[done["stage"] == Stage.DONE.value]
    live = frames.projects[frames.projects["stage"].isin(LIVE)]
    known = earlier_values(it)
    rows = [
        {
            "name": goal.name,
            "measure": goal.measure,
            "weight": goal.weight,
            "unit": goal.unit,
            "target": goal.target,
            "year_to_date": goal.year_to_date,
            **_heading(goal, known.get(int(goal.id), []), scope),
            "waiting": int((waiting["goal"] == goal.id).sum()),
            "live": int((live["goal"] == goal.id).sum()),
            "finished": int((done["goal"] == goal.id).sum()),
            "done_by_then": _done_by(it, live[live["goal"] == goal.id], _ends_on(goal, scope)),
        }
        for goal in rows_of(frames.goals)
    ]
    columns = (
        ("Goal", "text"), ("Measure", "text"), ("Weight (1 to 5)", "count"), ("Unit", "text"), ("Target", "number"),
        ("Year to date", "number"), ("Forecast", "number"), ("Forecast for", "day"), ("At the pace since", "day"),
        ("Requests waiting", "count"), ("Projects live", "count"), ("Projects finished", "count"),
        ("Live projects done by then (85 %)", "count"),
    )  # fmt: skip
    note = (
        "Forecast: the value to date carried on at the pace since the earliest value known of the year before; none without one "
        "at least four weeks old. Targets and values to date as said before the cut-off."
    )
    return rows, [table("goals", "Goals", columns, [list(row.values()) for row in rows], note)]


def earlier_values(it: Asked) -> dict[int, list[tuple[date, float]]]:
    """What was said of each goal's value to date, in the year before or since the goal began: by the history, and by editions
    from before it kept that."""
    from_on = it.scope.last_day - YEAR
    begins = {int(goal.id): max(goal.starts_on or from_on, from_on) for goal in rows_of(it.frames.goals)}
    rows = it.session.execute(
        select(Edition.data_cut_off_at, Edition.figures["goals"])
        .where(
            Edition.status == EditionStatus.PUBLISHED,
            Edition.published_at < it.scope.cut_off,
            Edition.data_cut_off_at.is_not(None),
        )
        .order_by(Edition.data_cut_off_at, Edition.id)
    )
    names = {goal.name: int(goal.id) for goal in rows_of(it.frames.goals)}
    found: dict[int, list[tuple[date, float]]] = {}
    for cut_off, said in rows:
        on = it.scope.day_of(cut_off)
        for one in said or ():
            if one["name"] in names and one["year_to_date"] is not None:
                found.setdefault(names[one["name"]], []).append((on, float(one["year_to_date"])))
    for number, known in values_to_date(it.session, it.scope.cut_off).items():
        found.setdefault(number, []).extend((it.scope.day_of(at), value) for at, value in known)
    return {
        number: sorted(one for one in known if one[0] >= begins[number])
        for number, known in found.items()
        if number in begins
    }


def projects(frames: Frames, scope: Scope) -> tuple[dict[str, Any], list[Table]]:
    """What was started, finished and stopped, and what is under way."""
    every = frames.projects
    started = every[within(every["started_at"], scope.window)]
    ended = every[within(every["ended_at"], scope.window)]
    finished, stopped = (ended[ended["stage"] == stage.value] for stage in (Stage.DONE, Stage.STOPPED))
    live = every[every["stage"].isin(LIVE)]
    known = stopped["hours_saved"].dropna()
    made = {
        "started": list(started["name"]),
        "finished": list(finished["name"]),
        "stopped": list(stopped["name"]),
        "hours_saved": float(known.sum()) if len(known) else None,
        "hours_saved_of": len(known),
        "live": len(live),
    }
    columns = (
        ("Project", "text"), ("Kind", "text"), ("People", "count"), ("Stage at the cut-off", "text"), ("Started", "day"),
        ("Ended", "day"), ("Days", "days"), ("Hours estimated", "hours"), ("Hours saved by stopping", "hours"),
        ("Costs recorded", "money"),
    )  # fmt: skip
    shown = pd.concat([live, ended]).drop_duplicates("id").sort_values("id")
    rows = [
        [
            one.name,
            words.plain(one.solution_type),
            one.people,
            words.plain(one.stage),
            _day(one.started_at, scope),
            _day(one.ended_at, scope),
            None if pd.isna(one.ended_at) else (one.ended_at - one.started_at) / flow.DAY,
            one.estimate_hours,
            one.hours_saved if one.stage == Stage.STOPPED.value else None,
            one.costs,
        ]
        for one in rows_of(shown)
    ]
    return made, [table("projects", "Projects worked on", columns, rows)]


def verdicts(frames: Frames, scope: Scope) -> tuple[list[dict[str, Any]], list[Table]]:
    """The last verdict on each request decided in the period, and the reasons given, counted."""
    decided = frames.requests[within(frames.requests["decided_at"], scope.window)]
    pairs: Any = decided.groupby(["verdict", "reason"], sort=True).size().items() if len(decided) else ()
    rows: dict[str, dict[str, Any]] = {}
    for (verdict, reason), count in pairs:
        row = rows.setdefault(verdict, {"verdict": verdict, "count": 0, "reasons": []})
        row["count"] += int(count)
        row["reasons"].append([words.plain(reason) or "no reason noted", int(count)])
    made = sorted(rows.values(), key=lambda row: (-row["count"], row["verdict"]))
    for row in made:
        row["reasons"].sort(key=lambda pair: (-pair[1], pair[0]))
    columns = (("Decision", "text"), ("Reason", "text"), ("Requests", "count"))
    lines = [
        [words.sentence(row["verdict"]), reason, count] for row in made for reason, count in row["reasons"]
    ]
    return made, [table("verdicts", "Decisions and reasons", columns, lines)]


def deciding(frames: Frames, scope: Scope) -> tuple[dict[str, Any], list[Table]]:
    """Are we keeping up? Requests in and first decisions out, and how long they took."""
    requests = frames.requests
    from_people = requests[requests["source"] != "import"]
    decided = requests[within(requests["first_decided_at"], scope.window)]
    took = flow.durations(moments(decided["submitted_at"]), moments(decided["first_decided_at"]))
    waiting = requests[requests["first_decided_at"].isna() & requests["withdrawn_at"].isna()]
    oldest = waiting["submitted_at"].min()
    edges = scope.weeks
    received = flow.counted(moments(from_people["submitted_at"]), edges)
    decisions = flow.counted(moments(from_people["first_decided_at"]), edges)
    made = {
        **_percentiles(took),
        "waiting": len(waiting),
        "oldest_days": None if pd.isna(oldest) else (scope.cut_off - oldest) / flow.DAY,
        "weeks": _weeks(edges),
        "received": list(received),
        "decided": list(decisions),
    }
    columns = (("Week from", "day"), ("Received", "count"), ("Decided", "count"))
    rows = zip(made["weeks"], received, decisions, strict=True)
    return made, [table("keeping_up", "Requests by week", columns, rows, "Imports are not counted here.")]


def finishing(frames: Frames, scope: Scope) -> tuple[dict[str, Any], list[Table]]:
    """What can we promise? Cycle times of the cards finished, and how many a week."""
    cards = frames.cards
    done = cards[within(cards["done_at"], scope.window)].sort_values(["done_at", "id"])
    took = flow.durations(moments(done["started_at"]), moments(done["done_at"]))
    edges = scope.weeks
    pace = flow.counted(moments(cards["done_at"]), edges)
    under_way = flow.under_way(moments(cards["started_at"]), moments(cards["done_at"]), [scope.cut_off])[0]
    known = done[done["started_at"].notna() & (done["started_at"] <= done["done_at"])]
    on = known["done_at"].dt.tz_convert(scope.zone).dt.date
    days = (known["done_at"] - known["started_at"]).dt.total_seconds() / flow.DAY.total_seconds()
    possible = list(zip(on, days, strict=True))
    made = {
        **_percentiles(took),
        "under_way": under_way,
        "weeks": _weeks(edges),
        "pace": list(pace),
        "pace_promised": flow.promised(pace, 85),
        "points": _spots(possible),
    }
    return made, [
        table("cycle_times", "Cards finished in the period", (("Finished", "day"), ("Days from start", "days")), possible),
        table("pace", "Cards finished by week", (("Week from", "day"), ("Finished", "count")), zip(made["weeks"], pace, strict=True)),
    ]  # fmt: skip


def sources(frames: Frames, scope: Scope) -> tuple[list[dict[str, Any]], list[Table]]:
    """Where the requests of the period came from, imports by the file they came in."""
    taken = frames.requests[within(frames.requests["submitted_at"], scope.window)]
    names = taken["source_name"].where(taken["source"] == "import", "")
    rows: list[dict[str, Any]] = [
        {
            "source": source,
            "name": name,
            "requests": len(group),
            "needs": int(group["is_need"].sum()),
            "decided": int(group["first_decided_at"].notna().sum()),
        }
        for (source, name), group in taken.groupby([taken["source"], names], sort=True)
    ]
    rows.sort(key=lambda row: (-row["requests"], row["source"], row["name"]))
    columns = (
        ("Came by", "text"), ("File", "text"), ("Requests", "count"), ("of these needs with demand by group", "count"),
        ("Decided", "count"),
    )  # fmt: skip
    return rows, [table("sources", "Where requests came from", columns, [list(row.values()) for row in rows])]


def _spots(possible: list[tuple[date | None, float]]) -> list[dict[str, Any]]:
    """What a chart can tell apart of many cards: days to a tenth, each spot once. The table has every card."""
    spots = dict.fromkeys((day.isoformat() if day else "", round(days, 1)) for day, days in possible)
    return [{"on": on, "days": days} for on, days in spots]


def _ends_on(goal: Any, scope: Scope) -> date:
    """The day a goal is looked at: its own, or the end of the year."""
    ends_on: date | None = goal.ends_on
    return ends_on if ends_on is not None and ends_on > scope.last_day else date(scope.last_day.year, 12, 31)


def _heading(goal: Any, known: list[tuple[date, float]], scope: Scope) -> dict[str, Any]:
    """Where the value would be at the end at the pace since the first value known; nothing within four weeks of that."""
    ends_on = _ends_on(goal, scope)
    nothing = {"forecast": None, "forecast_on": ends_on.isoformat(), "pace_since": None}
    if goal.year_to_date is None or not known or (scope.last_day - known[0][0]).days < LEAST_DAYS:
        return nothing
    since, then = known[0]
    pace = (goal.year_to_date - then) / (scope.last_day - since).days
    value = goal.year_to_date + pace * (ends_on - scope.last_day).days
    forecast = round(value, _decimals(goal, value))
    return {**nothing, "forecast": forecast, "pace_since": since.isoformat()}


def _decimals(goal: Any, value: float) -> int:
    """As many as the target and the value to date have, one more below ten: a forecast knows no more than what it is made of."""
    said = [f"{one:.4f}".rstrip("0") for one in (goal.target, goal.year_to_date) if one is not None]
    return max(len(one.partition(".")[2]) for one in said) + (abs(value) < ONE_MORE_BELOW)


def _done_by(it: Asked, live: pd.DataFrame, ends_on: date) -> int | None:
    """How many live projects are done by a day with 85 %, by the last date told; None where no date was told."""
    told = [it.frames.promises[number][-1] for number in map(int, live["id"]) if number in it.frames.promises]
    return sum(one.promised_on <= ends_on for one in told) if told else None


def _counts(frames: Frames, window: Window) -> dict[str, Any]:
    requests, projects, closed = frames.requests, frames.projects, frames.iterations
    taken = requests[within(requests["submitted_at"], window)]
    decided = requests[within(requests["first_decided_at"], window)]
    came = requests["submitted_at"] < window.end
    undecided = _not_before(requests["first_decided_at"], window.start) & _not_before(
        requests["withdrawn_at"], window.start
    )
    waiting = _not_before(requests["first_decided_at"], window.end) & _not_before(
        requests["withdrawn_at"], window.end
    )
    took = flow.durations(moments(decided["submitted_at"]), moments(decided["first_decided_at"]))
    ended = projects[within(projects["ended_at"], window)]
    worked_on = (projects["started_at"] < window.end) & _not_before(projects["ended_at"], window.start)
    closed = closed[within(closed["closed_at"], window)]
    return {
        "received": int((taken["source"] != "import").sum()),
        "imported": int((taken["source"] == "import").sum()),
        "waited": int((came & undecided).sum()),
        "decided": len(decided),
        "days_to_decide": flow.percentile(took.days, 50),
        "still_waiting": int((came & waiting).sum()),
        "worked_on": int(worked_on.sum()),
        "started": int(within(projects["started_at"], window).sum()),
        "finished": int((ended["stage"] == Stage.DONE.value).sum()),
        "stopped": int((ended["stage"] == Stage.STOPPED.value).sum()),
        "iterations": len(closed),
        "hours_done": float(closed["hours_done"].sum()),
        "capacity_hours": float(closed["capacity_hours"].sum()),
    }


def _comparison(frames: Frames, scope: Scope) -> str:
    """What the period before is called, or "" where the records don't reach back over all of it."""
    began = [
        column.min()
        for column in (
            frames.requests["submitted_at"],
            frames.projects["started_at"],
            frames.cards["added_at"],
        )
        if column.notna().any()
    ]
    if not began or min(began) >= scope.before.start + FULL_ENOUGH:
        return ""
    return scope.before.words


def _kpi(label: str, value: str, base: str, change: str) -> dict[str, str]:
    return {"label": label, "value": value, "base": base, "change": change}


def _more(now: float, then: float, compare: str) -> str:
    if not compare:
        return ""
    change = round(now) - round(then)
    if not change:
        return f"as many as before ({words.number(round(then))})"
    return f"{words.number(abs(change))} {'more' if change > 0 else 'fewer'} than before ({words.number(round(then))})"


def _longer(now: float | None, count: int, then: float | None, count_then: int, compare: str) -> str:
    if not compare or now is None:
        return ""
    if then is None or min(count, count_then) < LEAST_FOR_PERCENTILES:
        return f"too few to compare (before: {words.counted(count_then, 'decision')})"
    return f"before: {words.lasting(then)}"


def _percentiles(took: flow.Durations) -> dict[str, Any]:
    """Percentiles from five cases up; below that the cases themselves."""
    enough = took.count >= LEAST_FOR_PERCENTILES
    found = {f"p{percent}": flow.percentile(took.days, percent) if enough else None for percent in PROMISES}
    return {
        "count": took.count,
        **found,
        "each": [] if enough else sorted(round(days, 6) for days in took.days),
        "left_out": list(took.reasons),
    }


def _not_before(column: pd.Series[Any], moment: datetime) -> pd.Series[bool]:
    return column.isna() | (column >= moment)


def _weeks(edges: tuple[datetime, ...]) -> list[str]:
    return [edge.date().isoformat() for edge in edges[:-1]]


def _day(moment: Any, scope: Scope) -> date | None:
    return None if pd.isna(moment) else moment.astimezone(scope.zone).date()
