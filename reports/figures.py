"""The figures of a report: frames in, a dict of plain JSON out. Everything the page shows, and nothing it has to compute."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pandas as pd

from portfolio.models import Edition, Organisation
from portfolio.rules import flow, proof
from portfolio.states import LIVE_STAGES, RequestStatus, Stage
from reports import results, words
from reports.frames import Frames, moments, rows_of
from reports.scope import Scope, Window
from reports.tables import Table, table

FORMULA_VERSION = f"report-1 {flow.FORMULA_VERSION} {proof.FORMULA_VERSION}"
SEED = 0
"""Nothing in this report is drawn at random yet; a forecast will be."""

LEAST_FOR_PERCENTILES = 5
LIVE = frozenset(stage.value for stage in LIVE_STAGES)
PROMISES = (50, 85)
FULL_ENOUGH = 14 * flow.DAY
"""How late the records may begin in a period for it to be compared with."""

Figures = dict[str, Any]
log = logging.getLogger(__name__)


def figures_of(frames: Frames, scope: Scope, edition: Edition, organisation: Organisation | None) -> Figures:
    """All figures of an edition. A section that fails is listed under "failures" and the others stand."""
    made: Figures = {
        "title": edition.title,
        "kind": edition.kind,
        "organisation": organisation.name if organisation else "",
        "currency": organisation.currency if organisation else "",
        "period": _window(scope.period),
        "covered": _window(scope.window),
        "before": _window(scope.before),
        "is_complete": scope.is_complete,
        "cut_off": scope.cut_off.isoformat(timespec="seconds"),
        "cut_off_words": f"{words.moment(scope.cut_off)} ({scope.zone.key})",
        "seed": SEED,
        "formula_version": FORMULA_VERSION,
        "failures": {},
        "tables": [],
    }
    sections: dict[str, Callable[[], tuple[Any, list[Table]]]] = {
        "kpis": lambda: key_figures(frames, scope),
        "compared": lambda: (compared(frames, scope), []),
        "goals": lambda: goals(frames, scope),
        "results": lambda: results.measured(frames, scope, made["currency"]),
        "projects": lambda: projects(frames, scope),
        "verdicts": lambda: verdicts(frames, scope),
        "deciding": lambda: deciding(frames, scope),
        "finishing": lambda: finishing(frames, scope),
        "surveys": lambda: results.surveyed(frames, scope),
        "sources": lambda: sources(frames, scope),
    }
    for name, section in sections.items():
        made[name] = _tried(name, section, made)
    made["summary"] = _tried("summary", lambda: (summary(made, scope), []), made) or ""
    made["method"] = method(scope)
    return made


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
            f"{words.share(now['decided'], now['waited'])} that waited",
            _more(now["decided"], then["decided"], compare),
        ),
        _kpi(
            "Time to first decision",
            words.lasting(now["days_to_decide"]) if now["decided"] else "–",
            f"median of {words.counted(now['decided'], 'decision')}",
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


def goals(frames: Frames, scope: Scope) -> tuple[list[dict[str, Any]], list[Table]]:
    """Each goal: target, year to date, and what serves it."""
    open_now = {
        RequestStatus.SUBMITTED,
        RequestStatus.NEEDS_INFO,
        RequestStatus.WAITLISTED,
        RequestStatus.SNOOZED,
    }
    waiting = frames.requests[frames.requests["status"].isin({status.value for status in open_now})]
    done = frames.projects[_within(frames.projects["ended_at"], scope.window)]
    done = done[done["stage"] == Stage.DONE.value]
    live = frames.projects[frames.projects["stage"].isin(LIVE)]
    rows = [
        {
            "name": goal.name,
            "measure": goal.measure,
            "weight": goal.weight,
            "unit": goal.unit,
            "target": goal.target,
            "year_to_date": goal.year_to_date,
            "waiting": int((waiting["goal"] == goal.id).sum()),
            "live": int((live["goal"] == goal.id).sum()),
            "finished": int((done["goal"] == goal.id).sum()),
        }
        for goal in rows_of(frames.goals)
    ]
    columns = (
        ("Goal", "text"), ("Measure", "text"), ("Weight (1 to 5)", "count"), ("Unit", "text"), ("Target", "number"),
        ("Year to date", "number"), ("Requests waiting", "count"), ("Projects live", "count"), ("Projects finished", "count"),
    )  # fmt: skip
    return rows, [table("goals", "Goals", columns, [list(row.values()) for row in rows])]


def projects(frames: Frames, scope: Scope) -> tuple[dict[str, Any], list[Table]]:
    """What was started, finished and stopped, and what is under way."""
    every = frames.projects
    started = every[_within(every["started_at"], scope.window)]
    ended = every[_within(every["ended_at"], scope.window)]
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
    decided = frames.requests[_within(frames.requests["decided_at"], scope.window)]
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
    decided = requests[_within(requests["first_decided_at"], scope.window)]
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
    done = cards[_within(cards["done_at"], scope.window)].sort_values(["done_at", "id"])
    took = flow.durations(moments(done["started_at"]), moments(done["done_at"]))
    edges = scope.weeks
    pace = flow.counted(moments(cards["done_at"]), edges)
    under_way = flow.under_way(moments(cards["started_at"]), moments(cards["done_at"]), [scope.cut_off])[0]
    possible = [
        (_day(one.done_at, scope), (one.done_at - one.started_at) / flow.DAY)
        for one in rows_of(done)
        if not pd.isna(one.started_at) and one.started_at <= one.done_at
    ]
    made = {
        **_percentiles(took),
        "under_way": under_way,
        "weeks": _weeks(edges),
        "pace": list(pace),
        "pace_promised": flow.promised(pace, 85),
        "points": [{"on": day.isoformat() if day else "", "days": round(days, 6)} for day, days in possible],
    }
    return made, [
        table("cycle_times", "Cards finished in the period", (("Finished", "day"), ("Days from start", "days")), possible),
        table("pace", "Cards finished by week", (("Week from", "day"), ("Finished", "count")), zip(made["weeks"], pace, strict=True)),
    ]  # fmt: skip


def sources(frames: Frames, scope: Scope) -> tuple[list[dict[str, Any]], list[Table]]:
    """Where the requests of the period came from, imports by the file they came in."""
    taken = frames.requests[_within(frames.requests["submitted_at"], scope.window)]
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


def summary(made: Figures, scope: Scope) -> str:
    """The one sentence for somebody who reads no further."""
    kpis = {kpi["label"]: kpi["value"] for kpi in made["kpis"] or []}
    received, decided = kpis.get("Requests received", "–"), kpis.get("Requests decided", "–")
    done, stopped = made["projects"]["finished"], made["projects"]["stopped"]
    proven = [result for result in made["results"] if result["outcome"] == proof.Outcome.CONFIRMED.value]
    in_time = made["deciding"]["p50"]
    said = [
        f"{_people_asked(received)} and {_were(decided, 'was', 'were')} decided"
        + (f", half of them within {words.lasting(in_time)}" if in_time is not None else "")
    ]
    ended = [f"{words.counted(len(done), 'project')} finished"] if done else []
    if stopped:
        count = str(len(stopped)) if done else words.counted(len(stopped), "project")
        ended.append(f"{count} stopped early")
    said.append(words.listed(ended) if ended else "no project ended")
    if made["results"]:
        said.append(f"{len(proven)} of {words.counted(len(made['results']), 'measured result')} confirmed")
    return f"{_when(scope)}, {'; '.join(said)}."


def method(scope: Scope) -> list[list[str]]:
    """What each figure is made of, for whoever doubts it."""
    whole = (
        "whole calendar period before"
        if scope.is_complete and scope.kind != "custom"
        else "same number of days before"
    )
    notes = {
        "Period and data": (
            f"Covers {scope.window.words} in the time zone {scope.zone.key}; nothing recorded at or after "
            f"{words.moment(scope.cut_off)} is counted. States are replayed from the event history. Names, estimates, goals’ "
            "targets and values to date, hours saved and costs have no history and stand as they were when this was built."
        ),
        "Comparison": (f"With the {whole}, {scope.before.words}."),
        "Requests": (
            "Received: submitted in the period, imports apart. Decided: the first verdict fell in the period. "
            "Waited: undecided at the start or received since. Reasons are those of each request’s last verdict."
        ),
        "Times": (
            "Days of 24 hours, weekends included. “85 % within x days” means just that: x is the smallest time seen that at "
            "least 85 % don’t exceed (percentile type 1 of Hyndman and Fan). From five cases up; below that each is listed. "
            "Unfinished work is in no average; an end before its start is left out and said."
        ),
        "Cards": (
            "Cycle time runs from a card’s first move into a working column to its last into a finished one."
        ),
        "Hours": (
            "Estimates of the cards done, against the hours available, in iterations closed in the period, as frozen then."
        ),
        "Results": (
            "After less before, each the mean of its readings; 95 % interval by Welch, with a comparison group by "
            "difference in differences, with eight readings on each side by interrupted time series. Readings are taken as "
            "independent except in a series. Grades: controlled, interrupted series, trend (three readings on each side), "
            "adjusted estimate, none. Confirmed: the whole interval is a worthwhile change; refuted: none of it is. A return "
            "covers the first year, and is printed from “adjusted estimate” up and only with its interval."
        ),
        "Small groups": (
            "No percentage of fewer than five; survey answers of fewer than five people are not shown."
        ),
        "Versions": (f"Formulas {FORMULA_VERSION}; seed {SEED} (nothing here is drawn at random)."),
    }
    return [list(note) for note in notes.items()]


def _counts(frames: Frames, window: Window) -> dict[str, Any]:
    requests, projects, closed = frames.requests, frames.projects, frames.iterations
    taken = requests[_within(requests["submitted_at"], window)]
    decided = requests[_within(requests["first_decided_at"], window)]
    came = requests["submitted_at"] < window.end
    undecided = _not_before(requests["first_decided_at"], window.start) & _not_before(
        requests["withdrawn_at"], window.start
    )
    waiting = _not_before(requests["first_decided_at"], window.end) & _not_before(
        requests["withdrawn_at"], window.end
    )
    took = flow.durations(moments(decided["submitted_at"]), moments(decided["first_decided_at"]))
    ended = projects[_within(projects["ended_at"], window)]
    worked_on = (projects["started_at"] < window.end) & _not_before(projects["ended_at"], window.start)
    closed = closed[_within(closed["closed_at"], window)]
    return {
        "received": int((taken["source"] != "import").sum()),
        "imported": int((taken["source"] == "import").sum()),
        "waited": int((came & undecided).sum()),
        "decided": len(decided),
        "days_to_decide": flow.percentile(took.days, 50),
        "still_waiting": int((came & waiting).sum()),
        "worked_on": int(worked_on.sum()),
        "started": int(_within(projects["started_at"], window).sum()),
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


def _people_asked(received: str) -> str:
    return (
        "nobody asked for anything"
        if received == "0"
        else f"{_were(received, 'request', 'requests')} came in"
    )


def _were(count: str, one: str, many: str) -> str:
    return f"{'none' if count == '0' else count} {one if count == '1' else many}"


def _when(scope: Scope) -> str:
    first, last = scope.window.first, scope.window.last
    return f"On {words.day(first)}" if first == last else f"From {words.span(first, last)}"


def _within(column: pd.Series[Any], window: Window) -> pd.Series[bool]:
    return (column >= window.start) & (column < window.end)


def _not_before(column: pd.Series[Any], moment: datetime) -> pd.Series[bool]:
    return column.isna() | (column >= moment)


def _weeks(edges: tuple[datetime, ...]) -> list[str]:
    return [edge.date().isoformat() for edge in edges[:-1]]


def _day(moment: Any, scope: Scope) -> date | None:
    return None if pd.isna(moment) else moment.astimezone(scope.zone).date()


def _window(window: Window) -> dict[str, str]:
    return {"first": window.first.isoformat(), "last": window.last.isoformat(), "words": window.words}


def _tried(name: str, section: Callable[[], tuple[Any, list[Table]]], made: Figures) -> Any:
    try:
        found, tables = section()
    except Exception as problem:
        log.exception("The section %s of a report could not be built", name)
        made["failures"][name] = f"This part could not be built ({type(problem).__name__})."
        return None
    made["tables"] += tables
    return found
