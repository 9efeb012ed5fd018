"""What a manager waits for while deciding: one score, a rubric tried out, the methods compared, the best questions."""

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

from portfolio import assessments, methods, rubrics
from portfolio.database import Database
from portfolio.models import LearningRequest
from portfolio.rules.information import questions_worth, usual_line
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.scoring import score
from portfolio.states import OPEN
from tests.benchmarks import data
from tests.benchmarks.results import Result

TURNS = 30


def decide() -> list[Result]:
    """In this process, without the web: the sizes the pages stop at."""
    with data.installation() as (_, database):
        data.fill_requests(database, 200)
        data.score_all(database)
        other = replace(
            DEFAULT, criteria=tuple(replace(one, weight=1 + one.weight) for one in DEFAULT.criteria)
        )
        return [
            *_one_score(database),
            _reading(
                database,
                "decide: a rubric tried on 100 requests",
                lambda session: rubrics.preview(session, other, today=data.NOW.date()),
            ),
            _reading(
                database,
                "decide: methods side by side, 200 requests",
                lambda session: methods.side_by_side(session, today=data.NOW.date()),
            ),
            _questions(),
        ]


def _one_score(database: Database) -> list[Result]:
    with database.reading() as session:
        number, goal = (
            session.query(LearningRequest.id, LearningRequest.goal_id)
            .where(LearningRequest.status.in_(OPEN))
            .order_by(LearningRequest.id)
            .first()
        ) or (1, None)
        need = assessments.needs(session, {number: goal}, DEFAULT, today=data.NOW.date())[number]
    alone = _timed(lambda: score(need, DEFAULT), 10 * TURNS)
    kept = []
    for _ in range(TURNS):
        with database.writing() as session:
            session.get_one(LearningRequest, number).score_wanted_at = data.NOW
        begun = perf_counter()
        with database.writing() as session:
            assessments.score_waiting(session, now=data.NOW, flow_run_id="bench")
        kept.append(perf_counter() - begun)
    return [
        Result.of("decide: one request scored", alone, aim="<= 15 ms"),
        Result.of("decide: one request read, scored and kept", kept, aim="<= 15 ms"),
    ]


def _reading(database: Database, case: str, look: Callable[..., object]) -> Result:
    def turn() -> None:
        with database.reading() as session:
            look(session)

    turn()
    return Result.of(case, _timed(turn, TURNS), aim="<= 150 ms")


def _questions() -> Result:
    """Every open question of 1,000 open requests, 8 to 10 each, 4,000 draws."""
    with data.installation() as (_, database):
        data.fill_requests(database, 1_000)
        with database.reading() as session:
            goals = dict(session.query(LearningRequest.id, LearningRequest.goal_id).all())
            needs = assessments.needs(session, goals, DEFAULT, today=data.NOW.date())
    line = usual_line(DEFAULT)
    begun = perf_counter()
    found = questions_worth(needs, DEFAULT, line)
    note = f"{len(found):,} worth asking"
    return Result("decide: questions of 1,000", perf_counter() - begun, unit="s", aim="<= 3 s", note=note)


def _timed(work: Callable[[], object], turns: int) -> list[float]:
    seconds = []
    for _ in range(turns):
        begun = perf_counter()
        work()
        seconds.append(perf_counter() - begun)
    return seconds
