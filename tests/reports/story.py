"""A small story told with the real actions: what happened before, in and after the third quarter of 2026."""

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from portfolio import cards, deciding, goals, iterations, learning_requests, measures, projects
from portfolio.deciding import Ruling
from portfolio.learning_requests import Source
from portfolio.links import Links
from portfolio.models import Cost, LearningRequest, Measure, Person, Project, Reading, Response, Survey
from portfolio.states import Stage, Verdict
from tests.factory import a_submission

QUARTER = (date(2026, 7, 1), date(2026, 10, 1))
AFTERWARDS = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def on(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def tell(session: Session, *, manager: Person, links: Links) -> None:
    """Everything up to November, also what a report on the third quarter must not see."""
    goal = goals.add(
        session, name="Win customers faster", weight=4, by=manager, at=on(1, 5), measure="Days for a quote", target=1.0,
        year_to_date=1.8, unit="days", owner="Sales",
    )  # fmt: skip
    _requests(session, manager, links)
    quotes = session.get_one(Project, 1)
    quotes.goal_id = goal.id
    _projects(session, quotes, manager)
    _cards(session, quotes, manager)
    _iterations(session, quotes, manager)
    _results(session, quotes, manager)
    _surveys(session, quotes)
    session.flush()


def _requests(session: Session, manager: Person, links: Links) -> None:
    def ask(at: datetime, title: str, source: Source = Source()) -> LearningRequest:  # noqa: B008 - frozen
        made = learning_requests.submit(
            session, a_submission(title=title), links=links, by=None, at=at, source=source
        )
        session.flush()
        session.refresh(made)
        return made

    def say(asked: LearningRequest, verdict: Verdict, at: datetime, reason: str = "") -> None:
        words = "Here is why." if verdict is not Verdict.ACCEPT else ""
        deciding.decide(session, asked, Ruling(verdict, words, reason), links=links, by=manager, at=at)

    say(ask(on(4, 10), "Faster quotes"), Verdict.ACCEPT, on(4, 20))
    say(ask(on(5, 4), "A pottery evening"), Verdict.DECLINE, on(5, 10), "no_goal")
    say(ask(on(7, 6), "Safer lifting"), Verdict.ACCEPT, on(7, 8))
    say(ask(on(7, 20), "New expense tool"), Verdict.DECLINE, on(7, 30), "not_training")
    say(ask(on(8, 3), "How do I book leave?"), Verdict.ANSWER, on(8, 4))
    waits = ask(on(9, 1), "Read a balance sheet")
    gone = ask(on(9, 10), "Better minutes")
    learning_requests.withdraw(session, gone, by=None, at=on(9, 20))
    say(ask(on(9, 14), "Negotiate with suppliers"), Verdict.DECLINE, on(9, 17), "no_capacity")
    say(ask(on(9, 15), "The printer is slow"), Verdict.DECLINE, on(9, 25), "not_training")
    for row in ("1", "2"):
        ask(on(8, 10), f"Imported wish {row}", Source("import", "wishes.xlsx", row))
    ask(on(9, 30, 21, 30), "Half an hour before midnight in Berlin")
    ask(on(9, 30, 22, 30), "Half an hour after midnight in Berlin")
    say(waits, Verdict.ACCEPT, on(10, 5))


def _projects(session: Session, quotes: Project, manager: Person) -> None:
    lifting = session.get_one(Project, 2)
    projects.move(session, quotes, Stage.DONE, by=manager, at=on(8, 20))
    projects.move(session, lifting, Stage.STOPPED, by=manager, at=on(9, 10), hours_saved=30)
    path = projects.add(session, name="First weeks", solution_type="path", by=manager, at=on(7, 1))
    projects.move(session, path, Stage.BUILD, by=manager, at=on(8, 1))
    projects.move(session, path, Stage.DONE, by=manager, at=on(10, 10))
    session.add(Cost(project_id=quotes.id, kind="development", amount=3000, spent_on=date(2026, 6, 1)))
    session.add(Cost(project_id=quotes.id, kind="delivery", amount=9000, spent_on=date(2026, 10, 2)))


def _cards(session: Session, project: Project, manager: Person) -> None:
    """Seven cards: five finished in the quarter after 2, 4, 6, 8 and 20 days, one taken back, one finished later."""
    backlog, _, doing, _, done = cards.columns(session)

    def work(title: str, begun: datetime, ended: datetime | None) -> None:
        card = cards.add(session, title=title, project=project, by=manager, at=on(7, 1), estimate_hours=5.0)
        cards.place(session, card, doing, by=manager, at=begun)
        if ended:
            cards.place(session, card, done, by=manager, at=ended)
        if title == "Taken back":
            cards.place(session, card, backlog, by=manager, at=on(9, 20))

    for days, began in ((2, 10), (4, 10), (6, 14), (8, 14)):
        work(f"{days} days", on(7, began), on(7, began + days))
    work("20 days", on(8, 3), on(8, 23))
    work("Taken back", on(9, 1), on(9, 2))
    work("Finished later", on(9, 28), on(10, 3))


def _iterations(session: Session, project: Project, manager: Person) -> None:
    for begins, closes in ((on(7, 6), on(7, 17)), (on(9, 28), on(10, 9))):
        box = iterations.plan(
            session, starts_on=begins.date(), ends_on=closes.date(), capacity_hours=30, goal="Quotes in a day",
            by=manager, at=begins,
        )  # fmt: skip
        iterations.start(session, box, by=manager, at=begins)
        for column in (0, 4):
            cards.add(
                session, title="In the box", project=project, iteration=box, column=cards.columns(session)[column],
                by=manager, at=begins, estimate_hours=12.0,
            )  # fmt: skip
        iterations.close(
            session, box, shown="A sheet", learned="It works", next_step="change", by=manager, at=closes
        )


def _results(session: Session, project: Project, manager: Person) -> None:
    measure = session.query(Measure).filter_by(project_id=project.id).one()
    measure.higher_is_better, measure.worthwhile_change, measure.value_per_unit = False, 1.0, 4000.0
    measure.unit = "days"
    readings = [
        (3, 4.0, False),
        (4, 4.4, False),
        (5, 3.8, False),
        (9, 1.6, True),
        (9, 1.4, True),
        (9, 1.8, True),
    ]
    for place, (month, value, after) in enumerate(readings):
        day = date(2026, month, 5 + place)
        measures.read(session, measure, value=value, on=day, after=after, by=manager, at=on(month, 5 + place))
    measures.read(session, measure, value=9.9, on=date(2026, 10, 5), after=True, by=manager, at=on(10, 5))
    assert session.query(Reading).count() == 7


def _surveys(session: Session, project: Project) -> None:
    questions = [{"key": "use", "label": "Have you used it?", "options": ["Weekly", "Once", "Not yet"]}]
    for kind, sent_on, sent, answers in (
        ("after_30_days", date(2026, 9, 8), 12, ["Weekly", "Weekly", "Once", "Weekly", "Not yet", "Once"]),
        ("reaction", date(2026, 9, 12), 10, ["Weekly", "Once", "Once"]),
    ):
        survey = Survey(
            project_id=project.id,
            kind=kind,
            questions=questions,
            sent_on=sent_on,
            sent_count=sent,
            opened_at=on(9, 8),
            closed_at=on(9, 25),
            created_at=on(9, 8),
        )
        session.add(survey)
        session.flush()
        for answer in answers:
            session.add(Response(survey_id=survey.id, answers={"use": answer}, answered_at=on(9, 15)))
        session.add(Response(survey_id=survey.id, answers={"use": "Not yet"}, answered_at=on(10, 15)))
