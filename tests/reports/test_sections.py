"""Each section says what was known at its cut-off: with what it is of, by when it is wanted, and nobody named who didn't agree."""

import io
from datetime import date, datetime
from typing import Any

import pytest

from portfolio import blockers, cards, editions, projects, work_logs
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import (
    Card,
    Edition,
    Evaluation,
    EvaluationStep,
    Iteration,
    Organisation,
    Person,
    Plan,
    Project,
    Promise,
    SuccessCase,
)
from portfolio.rules.report_sections import preset
from portfolio.states import EvidenceGrade, Health
from reports import edition as report
from tests.conftest import Cast
from tests.reports.story import AFTERWARDS, QUARTER, on, tell

FIRST_WEEKS = 4


@pytest.fixture
def told(database: Database, cast: Cast, links: Links) -> Database:
    with database.writing() as session:
        manager = session.merge(cast.manager, load=False)
        tell(session, manager=manager, links=links)
        first_weeks = session.get_one(Project, FIRST_WEEKS)
        _plan(session)
        _dates(session, first_weeks, manager)
        _hours(
            session, manager, session.merge(cast.expert, load=False), session.merge(cast.other, load=False)
        )
        _cases(session)
    return database


def figures(database: Database, audience: str = "manager", **about: Any) -> dict[str, Any]:
    return made(database, audience, **about).figures


def made(
    database: Database, audience: str = "manager", now: datetime = AFTERWARDS, **about: Any
) -> report.Made:
    with database.reading() as session:
        return report.make(session, asked(audience, **about), now=now)


def asked(audience: str, sections: list[dict[str, Any]] | None = None, **about: Any) -> Edition:
    return Edition(
        kind="quarterly", title="Quarterly report, Q3 2026", period_start=QUARTER[0], period_end=QUARTER[1],
        asked_at=AFTERWARDS, design={"audience": audience, "sections": sections or preset(audience), **about},
    )  # fmt: skip


def _plan(session: Any) -> None:
    """One before the cut-off, and one after it that must not be seen."""

    def buys(hours: float, comes_in: list[int], points: float) -> dict[str, Any]:
        return {"hours": hours, "experts": {}, "comes_in": comes_in, "goes_out": [], "points": points}

    def one(number: int, chance: float) -> dict[str, Any]:
        return {"id": number, "chance": chance, "must_do": False}

    body = {
        "hours": {"given": 90.0, "leave": 6.0, "interrupts": 4.0},
        "chosen": [one(6, 0.55), one(10, 0.95)],
        "left_out": [one(11, 0.45), one(12, 0.3)],
        "open": 4,
        "buys": [buys(6, [], 0.0), buys(12, [11], 6.0), buys(24, [11, 12], 9.0), buys(40, [11, 12], 9.0)],
    }
    for made_at, value in ((on(9, 25), 30.0), (on(10, 20), 99.0)):
        session.add(
            Plan(made_at=made_at, why="night", starts_on=date(2026, 10, 5), weeks=6, capacity_hours=60, hours=50,
                 value=value, cut_value=0.5, body=body)
        )  # fmt: skip
    session.add(Iteration(starts_on=date(2026, 10, 12), ends_on=date(2026, 10, 23), capacity_hours=30))


def _dates(session: Any, project: Project, manager: Person) -> None:
    project.due_on, project.sponsor = date(2026, 10, 15), "Sven Sponsor"
    project.stop_on, project.stop_rule = date(2026, 10, 10), "Nobody uses it after two weeks."
    projects.note_health(session, project, Health.OFF_TRACK, "Two people left", by=manager, at=on(9, 20))
    for made_on, promised_on, left in (
        (date(2026, 8, 3), date(2026, 10, 1), 3),
        (date(2026, 9, 21), date(2026, 11, 4), 5),
        (date(2026, 10, 8), date(2026, 12, 24), 9),
    ):
        session.add(
            Promise(subject_type="projects", subject_id=project.id, made_on=made_on, made_at=on(made_on.month, made_on.day),
                    likely_on=promised_on, promised_on=promised_on, surely_on=promised_on, items_left=left, sample=20,
                    method="pace", formula_version="f", seed=1)
        )  # fmt: skip
    card = cards.add(
        session, title="Ask the board", project=project, by=manager, at=on(9, 10), estimate_hours=8
    )
    blockers.block(session, card, "Waits for the budget.", by=manager, at=on(9, 20, 22))
    session.add(
        EvaluationStep(project_id=project.id, level=1, what="Was it worth it?", due_on=date(2026, 9, 20))
    )
    session.flush()


def _hours(session: Any, manager: Person, expert: Person, other: Person) -> None:
    other.unnamed = True
    card = session.query(Card).filter_by(title="2 days").one()
    for person, hours, at in (
        (expert, 3.5, on(8, 3)),
        (other, 2.0, on(8, 4)),
        (manager, 9.0, on(8, 5)),
        (expert, 4.0, on(10, 5)),
    ):
        work_logs.type_in(session, card, hours, by=person, at=at)  # fmt: skip


def _cases(session: Any) -> None:
    for who, may_quote, told_on in (
        ("Ada Ahlgren", True, date(2026, 9, 1)),
        ("Bo Berg", False, date(2026, 9, 2)),
        ("Cy Carlsen", True, date(2026, 10, 2)),
    ):
        session.add(
            SuccessCase(project_id=1, step="told", who=who, role="dispatcher", used="Used the sheet.", result="Quotes left the same day.",
                        evidence="The order book.", quote="I’d not go back.", may_quote=may_quote, told_on=told_on, added_at=on(9, 1))
        )  # fmt: skip


@pytest.mark.both
def test_no_section_fails_whoever_it_is_for(told: Database) -> None:
    readers: dict[str, dict[str, Any]] = {
        "leadership": {},
        "sponsor": {"goal": 1},
        "manager": {},
        "showcase": {"project": 1},
    }
    assert {
        audience: (found.figures["failures"], [one["key"] for one in found.figures["sections"]][:2])
        for audience, about in readers.items()
        for found in [made(told, audience, **about)]
    } == {
        "leadership": ({}, ["summary", "kpis"]),
        "sponsor": ({}, ["summary", "goals"]),
        "manager": ({}, ["summary", "kpis"]),
        "showcase": ({}, ["summary", "stories"]),
    }


def test_what_is_wanted_says_why_by_when_and_what_it_buys(told: Database) -> None:
    found = figures(told)["decisions"]
    assert [(one["what"], one["why"], one["by"], one["buys"]) for one in found] == [
        (
            "How to clear the way for “Ask the board”",
            "It has waited 10 days: Waits for the budget.",
            None,
            "8 hours of work can go on.",
        ),
        (
            "Whether to go on with “First weeks”, or stop it",
            "Its stop rule is due: Nobody uses it after two weeks.",
            "2026-10-10",
            "The hours that are left.",
        ),
        (
            "Whether to grant 2 h more a week",
            "“Imported wish 2” would fit in, and nothing gives way.",
            "2026-10-12",
            "6 impact points, 0.5 an hour; today’s plan is done by 4 November 2026.",
        ),
        (
            "Which matters more: “Read a balance sheet” or “Imported wish 2”",
            "The numbers can’t tell: in the plan “Read a balance sheet” 55 and “Imported wish 2” 45 times of 100.",
            "2026-10-12",
            "A plan that doesn’t turn over with the next estimate.",
        ),
        (
            "Whether “Half an hour before midnight in Berlin” comes before something that is in, or waits",
            "It misses the line by little: in the plan “Half an hour before midnight in Berlin” 30 times of 100.",
            "2026-10-12",
            "A clear word to those who asked for it.",
        ),
        (
            "Whether to move the date of “First weeks”, or let part of it go",
            "Wanted by 15 October 2026; with 85 % it is done by 4 November 2026, 20 days later.",
            "2026-10-15",
            "A date that people can rely on.",
        ),
    ]


def test_more_capacity_is_told_in_value_and_in_dates(told: Database) -> None:
    found = figures(told)["capacity"]
    options = [
        (one["label"], one["in_words"], one["points"], one["share"], one["done_on"])
        for one in found.pop("options")
    ]
    assert (found["made_on"], found["hours"], found["done_on"]) == ("2026-09-25", 60.0, "2026-11-09")
    assert options == [
        ("1 h a week more", "", 0.0, 0.0, "2026-11-06"),
        ("2 h a week more", "Imported wish 2", 6.0, 20.0, "2026-11-04"),
        (
            "4 h a week more",
            "Imported wish 2; Half an hour before midnight in Berlin",
            9.0,
            30.0,
            "2026-10-30",
        ),
        (
            "40 h of a contractor",
            "Imported wish 2; Half an hour before midnight in Berlin",
            9.0,
            30.0,
            "2026-10-12",
        ),
    ]


def test_a_date_that_slipped_says_by_how_much_and_why(told: Database) -> None:
    assert figures(told)["slippage"] == [
        {
            "project": "First weeks",
            "told_on": "2026-08-03",
            "first": "2026-10-01",
            "now": "2026-11-04",
            "stands": "told with 85 %",
            "days": 34,
            "wanted_by": "2026-10-15",
            "why": "2 cards more to do than then; blocked for 10 days; Two people left",
        }
    ]


def test_what_needs_attention_names_whom_to_call(told: Database) -> None:
    keys = ("what", "project", "why", "days", "who")
    assert [tuple(one[key] for key in keys) for one in figures(told)["attention"]] == [
        ("Off track", "First weeks", "Two people left", 10, "Sven Sponsor"),
        (
            "Evaluation overdue",
            "First weeks",
            "“Was it worth it?” was due 20 September 2026",
            10,
            "Sven Sponsor",
        ),
        (
            "No baseline",
            "First weeks",
            "in build, and the measure was never read before it began",
            None,
            "Sven Sponsor",
        ),
    ]


def test_who_helped_is_thanked_by_name_unless_they_would_rather_not(told: Database) -> None:
    assert figures(told)["thanks"] == {
        "people": [{"name": "Eli Expert", "hours": 3.5, "for": "Faster quotes"}],
        "unnamed": 1,
        "hours": 5.5,
    }
    assert "Otto" not in made(told).html


def test_a_story_names_nobody_who_did_not_agree(told: Database) -> None:
    found = made(told)
    told_by = [(one["by"], one["quote"]) for one in found.figures["stories"]["cases"]]
    assert told_by == [("Dispatcher", ""), ("Ada Ahlgren, dispatcher", "I’d not go back.")]
    assert "Bo Berg" not in found.html + str(found.figures)


def test_hypotheses_are_counted_with_their_interval(told: Database) -> None:
    with told.writing() as session:
        for project, verdict, at in ((1, "confirmed", on(9, 28)), (FIRST_WEEKS, "refuted", on(10, 2))):
            session.add(
                Evaluation(
                    project_id=project,
                    level=4,
                    result="2.47 days lower",
                    grade=EvidenceGrade.TREND,
                    verdict=verdict,
                    concluded_at=at,
                )
            )
    found = figures(told)["hypotheses"]
    assert {key: found[key] for key in ("hits", "of", "low", "high", "open", "unread")} == {
        "hits": 1,
        "of": 1,
        "low": 20.7,
        "high": 100.0,
        "open": 0,
        "unread": 0,
    }


def test_no_return_is_printed_without_rates_or_below_the_grade_that_was_set(told: Database) -> None:
    def printed(**changes: Any) -> dict[str, Any]:
        with told.writing() as session:
            for name, value in changes.items():
                setattr(session.query(Organisation).one(), name, value)
        found = figures(told)
        (row,) = found["money"]["rows"]
        return {name: row[name] for name in ("costs", "roi", "why_not", "even")} | {
            "said": found["results"][0]["roi"]
        }

    unpriced, priced = printed(), printed(rates={"manager": 50.0, "expert": 60.0, "participant": 40.0})
    assert unpriced == {
        "costs": 3000.0,
        "roi": None,
        "why_not": "14.5 hours have no rate yet, so the costs are too low to compare a gain with.",
        "even": "Days for a quote: 0.75 days",
        "said": None,
    }
    assert (priced["costs"], priced["why_not"]) == (3780.0, "")
    assert priced["roi"] is not None
    assert priced["roi"] == priced["said"]
    assert printed(least_grade=EvidenceGrade.CONTROLLED)["roi"] is None


def test_a_report_about_a_goal_asks_nothing_about_others(told: Database) -> None:
    found = figures(told, "sponsor", goal=1)
    assert (found["about"], found["decisions"], found["projects"]["finished"]) == (
        "Win customers faster",
        [],
        ["Faster quotes"],
    )


def test_sections_stand_in_their_order_with_the_words_somebody_wrote(told: Database) -> None:
    wanted = [
        {"key": "thanks", "on": True, "title": "Our thanks", "words": "To all of you."},
        {"key": "goals", "on": True, "title": "", "words": ""},
    ]
    with told.reading() as session:
        found = report.make(session, asked("manager", wanted), now=AFTERWARDS)
    titles = [one["title"] for one in found.figures["sections"]]
    assert titles == ["Our thanks", "Goals: where we stand and what serves them", "How this was counted"]
    assert found.html.index("To all of you.") < found.html.index('id="report-goals"')
    assert {one["key"] for one in found.figures["tables"]} == {"goals", "thanks"}


def test_the_next_edition_says_what_changed(told: Database) -> None:
    def published(first: date, end: date) -> dict[str, Any]:
        with told.writing() as session:
            one = editions.ask(
                session, kind="quarterly", period_start=first, period_end=end, by=None, at=AFTERWARDS
            )
            one.design = {"audience": "manager", "sections": preset("manager")}
            session.flush()
            number = one.id
        with told.writing() as session:
            report.build(session, number, now=AFTERWARDS, flow_run_id=None)
            return session.get_one(Edition, number).figures or {}

    first, second = published(date(2026, 4, 1), date(2026, 7, 1)), published(*QUARTER)
    rows = {(row["line"], row["figure"]): (row["before"], row["now"]) for row in second["compare"]["rows"]}
    assert (first["compare"], second["compare"]["with"]) == (None, "Quarterly report, Q2 2026")
    assert rows["Requests received from people", "This period"] == ("2", "8")


def test_the_mail_and_the_deck_say_the_same_without_a_picture(told: Database) -> None:
    from pptx import Presentation

    found = made(told, "leadership")
    deck = Presentation(io.BytesIO(found.pptx))
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert titles == [
        "Quarterly report, Q3 2026",
        "What we ask you to decide",
        "Goals: where we stand and what serves them",
        "What it changed",
        "Capacity, and what more would buy",
        "How this was counted",
    ]
    assert ("<img" in found.mail_html, "background-image" in found.mail_html, "http" in found.mail_html) == (
        False,
        False,
        False,
    )
    first = found.figures["decisions"][0]["what"]
    assert (first in found.figures["letter"], first in found.mail_html) == (True, True)
