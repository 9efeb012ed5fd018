"""The figures of a report: what is known in, a dict of plain JSON out. Everything the page shows, and nothing it has to compute."""

import logging
from collections.abc import Callable
from typing import Any

from portfolio.models import Edition
from portfolio.rules import flow, money, proof
from reports import words
from reports.asked import Asked
from reports.scope import Scope, Window
from reports.sections import (
    attention,
    capacity,
    compared,
    dates,
    decisions,
    hypotheses,
    levels,
    results,
    spending,
    standing,
    stories,
    surveyed,
    thanks,
)
from reports.tables import Table

FORMULA_VERSION = f"report-3 {flow.FORMULA_VERSION} {proof.FORMULA_VERSION} {money.FORMULA_VERSION}"
SEED = 0
"""Nothing in a report is drawn at random: forecasts are taken as they were told."""

Figures = dict[str, Any]
Part = Callable[[Asked], tuple[Any, list[Table]]]
log = logging.getLogger(__name__)

PARTS: dict[str, dict[str, Part]] = {
    "kpis": {
        "kpis": lambda it: standing.key_figures(it.frames, it.scope),
        "compared": lambda it: (standing.compared(it.frames, it.scope), []),
    },
    "decisions": {"decisions": decisions.wanted},
    "goals": {"goals": standing.goals},
    "results": {"results": results.measured},
    "stories": {"stories": stories.told},
    "portfolio": {
        "projects": lambda it: standing.projects(it.frames, it.scope),
        "verdicts": lambda it: standing.verdicts(it.frames, it.scope),
    },
    "slippage": {"slippage": dates.slipped},
    "flow": {
        "deciding": lambda it: standing.deciding(it.frames, it.scope),
        "finishing": lambda it: standing.finishing(it.frames, it.scope),
    },
    "promises": {"promises": dates.kept},
    "capacity": {"capacity": capacity.buys},
    "surveys": {"surveys": surveyed.answered},
    "levels": {"levels": levels.followed},
    "hypotheses": {"hypotheses": hypotheses.hit_rate},
    "money": {"money": spending.spent_and_gained},
    "attention": {"attention": attention.needed},
    "thanks": {"thanks": thanks.thanked},
    "sources": {"sources": lambda it: standing.sources(it.frames, it.scope)},
}
"""What each section is made of. Method, summary and the comparison come from what the others found."""
FOR_THE_SUMMARY = ("kpis", "results", "projects", "deciding")
RESTS_ON = {"stories": ("results",)}
"""Sections that show what belongs to another: its tables go along."""


def figures_of(it: Asked) -> Figures:
    """All figures of an edition. A section that fails is listed under "failures" and the others stand."""
    made = _begun(it)
    wanted = {one.key for one in it.design.sections}
    wanted |= {other for one in tuple(wanted) for other in RESTS_ON.get(one, ())}
    for section, parts in PARTS.items():
        for name, part in parts.items():
            if section in wanted:
                _make(it, made, name, part)
            elif name in FOR_THE_SUMMARY:
                _make(it, made, name, lambda it, part=part: (part(it)[0], []))  # type: ignore[misc] # mypy can't infer it
    _make(it, made, "summary", lambda _: (summary(made, it), []))
    made["summary"] = made["summary"] or ""
    made["method"] = method(it)
    if "compare" in wanted:
        _make(it, made, "compare", lambda it: compared.since_the_last(it, made))
    if made["correction"]:
        _make(it, made, "corrected", lambda it: compared.with_the_corrected(it, made))
    return made


def summary(made: Figures, it: Asked) -> str:
    """The one sentence for somebody who reads no further."""
    if it.frames.about.project is not None:
        return _of_one(made, it)
    said = [_asked_and_decided(made)]
    said.append(_ended(made["projects"]))
    if found := made["results"]:
        proven = sum(one["outcome"] == proof.Outcome.CONFIRMED.value for one in found)
        said.append(f"{proven} of {words.counted(len(found), 'measured result')} confirmed")
    return f"{_when(it.scope)}, {'; '.join(part for part in said if part)}."


def method(it: Asked) -> list[list[str]]:
    """What each figure is made of, for whoever doubts it."""
    scope = it.scope
    whole = (
        "whole calendar period before"
        if scope.is_complete and scope.kind != "custom"
        else "same number of days before"
    )
    notes = {
        "Period and data": (
            f"Covers {scope.window.words} in the time zone {scope.zone.key}; nothing recorded at or after "
            f"{words.moment(scope.cut_off)} is counted. States, told dates, goals’ values, costs, logged hours, rates, benefits, "
            "readings and answers stand as they were known then; what was changed since is wound back by the history. Names and "
            "words, evaluation plans and how many a survey was sent to stand as of the day this was built."
        ),
        "Comparison": f"With the {whole}, {scope.before.words}.",
        "Requests": (
            "Received: submitted in the period, imports apart. Decided: the first verdict fell in the period. "
            "Waited: undecided at the start or received since. Reasons are those of each request’s last verdict."
        ),
        "Times": (
            "Days of 24 hours, weekends included. “85 % within x days” means just that: x is the smallest time seen that at "
            "least 85 % don’t exceed (percentile type 1 of Hyndman and Fan). From five cases up; below that each is listed. "
            "Unfinished work is in no average; an end before its start is left out and said."
        ),
        "Cards": "Cycle time runs from a card’s first move into a working column to its last into a finished one.",
        "Hours": (
            "Estimates of the cards done, against the hours available, in iterations closed in the period, as frozen then."
        ),
        "Plan": (
            "Impact points, hours and what more hours would buy are those of the last plan made before the cut-off, each option "
            "solved exactly; a chance is the share of draws in which a request makes the plan."
        ),
        "Promises": (
            "By the first date told about each thing; late counts as broken, Wilson’s 95 % interval. Slippage: the first date told "
            "with 85 % against the last one, or the day it was done."
        ),
        "Results": (
            "After less before, with its 95 % interval; the design decides how (see “rests on”) and gives the grade: controlled, "
            "interrupted series, trend (three readings on each side), adjusted estimate, none. Confirmed: the whole interval is a "
            "worthwhile change; refuted: none of it is. A return covers the first year, is printed only with its interval and "
            f"from “{results.GRADE_WORDS[it.least_grade]}” up; the break-even always."
        ),
        "Small groups": (
            "No percentage of fewer than five; survey answers of fewer than five people are not shown, nor what they could be "
            "worked out from."
        ),
        "Corrected": (
            f"Measures, readings, evaluations, surveys, costs, hours, rates and benefits count as known on "
            f"{words.moment(it.frames.known_at.astimezone(scope.zone))}, as far as they are about the period or before. States, dates "
            "told and goals’ values count as in the edition corrected."
            if it.edition.corrects_id is not None
            else ""
        ),
        "Versions": f"Formulas {FORMULA_VERSION}; seed {SEED} (nothing here is drawn at random).",
    }
    shown = {"Plan": ("decisions", "capacity"), "Promises": ("promises", "slippage"), "Cards": ("flow",), "Hours": ("kpis",),
             "Times": ("flow", "kpis"), "Results": ("results", "stories", "money", "hypotheses")}  # fmt: skip
    return [
        [name, note]
        for name, note in notes.items()
        if note and (name not in shown or any(it.design.shows(key) for key in shown[name]))
    ]


def _begun(it: Asked) -> Figures:
    design, scope = it.design, it.scope
    subject = _subject(it)
    return {
        "title": it.edition.title,
        "kind": it.edition.kind,
        "organisation": it.organisation.name if it.organisation else "",
        "currency": it.currency,
        "period": _window(scope.period),
        "covered": _window(scope.window),
        "before": _window(scope.before),
        "is_complete": scope.is_complete,
        "cut_off": scope.cut_off.isoformat(timespec="seconds"),
        "cut_off_words": f"{words.moment(scope.cut_off)} ({scope.zone.key})",
        "seed": SEED,
        "formula_version": FORMULA_VERSION,
        "audience": design.audience.key,
        "pages": design.audience.pages,
        "report": design.name,
        "about": subject,
        "correction": _correction(it),
        "sections": [{"key": one.key, "title": one.title, "words": one.words} for one in design.sections],
        "failures": {},
        "tables": [],
    }


def _subject(it: Asked) -> str:
    """The name of the goal or project a report is about; "" where it is about everything."""
    about = it.frames.about
    frame = (
        it.frames.goals
        if about.goal is not None
        else it.frames.projects
        if about.project is not None
        else None
    )
    return str(frame["name"].iloc[0]) if frame is not None and len(frame) else ""


def _correction(it: Asked) -> dict[str, Any] | None:
    """Which edition this one corrects and why, where it does."""
    if it.edition.corrects_id is None:
        return None
    earlier = it.session.get_one(Edition, it.edition.corrects_id)
    return {"edition": earlier.id, "title": earlier.title, "why": it.edition.correction}


def _make(it: Asked, made: Figures, name: str, part: Part) -> None:
    """One part, in a savepoint of its own: a statement that fails must not end the reading of the others."""
    try:
        with it.session.begin_nested():
            found, tables = part(it)
    except Exception as problem:
        log.exception("The part %s of a report could not be built", name)
        made["failures"][name] = f"This part could not be built ({type(problem).__name__})."
        made[name] = None
        return
    made[name] = found
    made["tables"] += tables


def _asked_and_decided(made: Figures) -> str:
    if made["kpis"] is None:
        return ""
    kpis = {kpi["label"]: kpi["value"] for kpi in made["kpis"]}
    received, decided = kpis.get("Requests received", "–"), kpis.get("Requests decided", "–")
    in_time = (made["deciding"] or {}).get("p50")
    return f"{_people_asked(received)} and {_were(decided, 'was', 'were')} decided" + (
        f", half of them within {words.lasting(in_time)}" if in_time is not None else ""
    )


def _of_one(made: Figures, it: Asked) -> str:
    """What one project was to change, and whether it did."""
    facts = it.frames.facts.get(it.frames.about.project or -1)
    hypothesis = facts.hypothesis.strip() if facts is not None else ""
    if not made["results"]:
        return f"{hypothesis} No measure was read since it began.".strip()
    best = made["results"][0]
    return f"{hypothesis} {words.sentence(best['outcome'])}: {best['said']}".strip()


def _ended(projects: dict[str, Any] | None) -> str:
    if projects is None:
        return ""
    done, stopped = projects["finished"], projects["stopped"]
    ended = [f"{words.counted(len(done), 'project')} finished"] if done else []
    if stopped:
        count = str(len(stopped)) if done else words.counted(len(stopped), "project")
        ended.append(f"{count} stopped early")
    return words.listed(ended) if ended else "no project ended"


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


def _window(window: Window) -> dict[str, str]:
    return {"first": window.first.isoformat(), "last": window.last.isoformat(), "words": window.words}
