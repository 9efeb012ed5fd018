"""The report as a mail: the summary, what is to be decided, and the key figures as tables. No pictures, so nothing to unblock.

Mail programs drop style sheets, so the styles stand on the elements; the few rules in the head are for dark screens and
narrow ones, and nothing is lost where they are dropped as well.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports import words

HERE = Path(__file__).parent
MOST_DECISIONS = 5
MOST_GOALS = 8
MOST_RESULTS = 3


def mail_html_of(figures: dict[str, Any]) -> str:
    """A whole HTML page of at most 600 px. The same figures give the same mail."""
    shown = {section["key"]: section for section in figures["sections"]}
    made = _templates().get_template("letter/show.html")
    return made.render(
        figures=figures,
        shown=shown,
        decisions=(figures.get("decisions") or [])[:MOST_DECISIONS],
        more_decisions=max(0, len(figures.get("decisions") or []) - MOST_DECISIONS),
        goals=(figures.get("goals") or [])[:MOST_GOALS] if "goals" in shown else [],
        results=_results(figures)[:MOST_RESULTS],
    ).replace(" %", "\u00a0%")


def mail_text_of(figures: dict[str, Any]) -> str:
    """The same in plain text."""
    lines = [figures["title"], figures["covered"]["words"], "", figures["summary"]]
    decisions = figures.get("decisions") or []
    if decisions:
        lines += ["", "What we ask you to decide"]
        for place, one in enumerate(decisions[:MOST_DECISIONS], start=1):
            lines += [
                f"{place}. {one['what']}",
                f"   {one['why']}",
                f"   {words.by(one['by'])}. Buys: {one['buys']}",
            ]
    if figures.get("kpis"):
        lines += ["", "Key figures"]
        lines += [
            f"{one['label']}: {one['value']} ({one['base']}){'; ' + one['change'] if one['change'] else ''}"
            for one in figures["kpis"]
        ]
    if "goals" in {section["key"] for section in figures["sections"]} and figures.get("goals"):
        lines += ["", "Goals"]
        lines += [_goal(one) for one in figures["goals"][:MOST_GOALS]]
    results = _results(figures)[:MOST_RESULTS]
    if results:
        lines += ["", "Results"]
        lines += [
            f"{one['measure']}: {one['outcome']}. {one['said']} Evidence: {one['grade_words']}."
            for one in results
        ]
    lines += ["", f"Data until {figures['cut_off_words']}."]
    return "\n".join(lines) + "\n"


def _goal(one: dict[str, Any]) -> str:
    plan, reached, heading = (
        words.amount(one[key], one["unit"]) for key in ("target", "year_to_date", "forecast")
    )
    return f"{one['name']}: plan {plan}, to date {reached}" + (
        f", forecast {heading}" if one["forecast"] is not None else ""
    )


def _results(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """What is worth telling: the stories where they are on, else the results."""
    stories = (figures.get("stories") or {}).get("results")
    shown = {section["key"] for section in figures["sections"]}
    return stories or (figures.get("results") or [] if "results" in shown else [])


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(amount=words.amount, by=words.by, sentence=words.sentence, number=words.number)
    return environment
