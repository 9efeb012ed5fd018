"""Automations about requests, new ones and those that wait."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portfolio import learning_requests, outlets
from portfolio.models import Event, Goal, LearningRequest, Outlet
from portfolio.routines.scene import Blank, CannotAct, Found, Routine, Scene, date_of, day
from portfolio.states import OPEN, RequestStatus

LIKELY_IN_PLAN = 0.5


def _no_answer(scene: Scene, _event: Event | None) -> Iterable[Found]:
    found = select(LearningRequest).where(
        LearningRequest.status == RequestStatus.NEEDS_INFO, LearningRequest.status_since <= scene.days_ago()
    )
    for one in scene.session.scalars(
        found.options(joinedload(LearningRequest.requester)).order_by(LearningRequest.id)
    ):
        yield Found(one, f"request:{one.id}:{one.status_since:%Y-%m-%d}")


def _remind_requester(scene: Scene, one: LearningRequest) -> str:
    scene.mail(
        one.requester.email,
        f"We still have a question about your request {one.id}: {one.title}",
        "Without your answer we can't go on. It takes a few minutes, and “I don't know” is an answer too.\n\n"
        f"The question, and where to answer:\n{scene.links.tracking(one)}",
        f"learning_request:{one.id}",
    )
    return f"Reminded who asked of request {one.number}."


def _deadline(scene: Scene, _event: Event | None) -> Iterable[Found]:
    until = scene.today + timedelta(weeks=int(scene.blanks["weeks"]))
    found = (
        select(LearningRequest)
        .where(LearningRequest.status.in_(OPEN))
        .options(joinedload(LearningRequest.answers))
    )
    for one in scene.session.scalars(found.order_by(LearningRequest.id)).unique():
        on = date_of((one.said("deadline") or {}).get("on"))
        if on and scene.today <= on <= until and (one.chance_in_plan or 0) < LIKELY_IN_PLAN:
            yield Found(one, f"request:{one.id}:{on}")


def _tell_deadline(scene: Scene, one: LearningRequest) -> str:
    on = date_of((one.said("deadline") or {}).get("on")) or scene.today
    scene.tell_managers(
        f"Wanted by {day(on)}, and not in the plan: {one.title}",
        f"Request {one.number}, “{one.title}”, is wanted by {day(on)} and doesn't fit into the plan as it stands.",
        f"/requests/{one.id}",
    )
    return f"Told you that request {one.number} is wanted by {day(on)}."


def _from_unit(scene: Scene, event: Event | None) -> Iterable[Found]:
    one = scene.subject(event, LearningRequest)
    if one is not None and one.unit_id == scene.blanks["unit"] and one.goal_id is None:
        yield Found(one, f"request:{one.id}")


def _give_goal(scene: Scene, one: LearningRequest) -> str:
    goal = scene.session.get(Goal, scene.blanks["goal"])
    if goal is None or goal.retired_at is not None:
        raise CannotAct("The goal is over. Please choose another one.")
    learning_requests.serve_goal(scene.session, one, goal, by=None, at=scene.at)
    return f"Request {one.number} serves “{goal.name}” now."


def _with_words(scene: Scene, event: Event | None) -> Iterable[Found]:
    one = scene.subject(event, LearningRequest)
    if one is None:
        return
    said = " ".join([one.title, *(str(answer.value) for answer in one.answers)]).lower()
    wanted = [word.strip().lower() for word in str(scene.blanks["words"]).split(",") if word.strip()]
    if any(word in said for word in wanted):
        yield Found(one, f"request:{one.id}")


def _tell_chat(scene: Scene, one: LearningRequest) -> str:
    chat = scene.session.get(Outlet, scene.blanks["chat"])
    if chat is None or chat.paused_at is not None or not chat.address:
        raise CannotAct("The chat is paused or gone. Please choose another one.")
    outlets.say(
        scene.session,
        chat,
        f"Request {one.number} sounds urgent: “{one.title}”",
        link=scene.links.page(f"/requests/{one.id}"),
        at=scene.at,
    )
    return f"Told {chat.name} of request {one.number}."


SUBMITTED = ("learning_request.submitted",)


ROUTINES = (
    Routine("info_reminder", "Requests", "When a request has waited {days} days for an answer, remind who asked, once.",
            _no_answer, _remind_requester, (), (Blank("days", "number", "Days", 7),)),
    Routine("deadline_near", "Requests", "When a request is wanted within {weeks} weeks and isn’t in the plan, tell me.",
            _deadline, _tell_deadline, (), (Blank("weeks", "number", "Weeks", 6, 52),)),
    Routine("unit_goal", "Requests", "When {unit} sends a request that names no goal, let it serve {goal}.",
            _from_unit, _give_goal, SUBMITTED, (Blank("unit", "unit", "Unit"), Blank("goal", "goal", "Goal"))),
    Routine("urgent_words", "Requests", "When a new request says {words}, tell {chat}.",
            _with_words, _tell_chat, SUBMITTED,
            (Blank("words", "words", "Words, with commas between", "urgent, audit, accident"), Blank("chat", "chat", "Chat"))),
)  # fmt: skip
