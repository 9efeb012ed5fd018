"""Replays the invented year through the real actions, in strict order of time."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from portfolio import (
    assessments,
    conversations,
    deciding,
    editions,
    forms,
    goals,
    learning_requests,
    organisation,
    people,
    plans,
    promises,
    waiting,
)
from portfolio.deciding import Ruling
from portfolio.demo import asks, company, designs, desk, questions, words, worth
from portfolio.demo.asks import Ask
from portfolio.demo.designs import Designs
from portfolio.demo.hours import BUSY, CROWDED_MONTH, DAY, Hours, is_managers_leave
from portfolio.demo.shelf import Shelf
from portfolio.demo.work import Bench
from portfolio.learning_requests import Source
from portfolio.links import Links
from portfolio.models import Goal, LearningRequest, Person, Resource
from portfolio.rules.report_days import quarter_start
from portfolio.states import RequestStatus, Role, Verdict
from portfolio.submission import ChangedAnswers

LENGTH = timedelta(days=364)
PROMISED_WEEKS = 5
"""Mondays on which dates were promised."""
HOURS_PER_WEEK = 15
VERDICTS = {verdict.value for verdict in Verdict}


@dataclass
class Case:
    """One request on its way: what is still to happen to it, and the words not yet used."""

    ask: Ask
    asker: dict[str, str]
    request: LearningRequest
    to_come: list[str]
    words: list[str]
    submitted_at: datetime
    chased: bool = False


@dataclass
class Year:
    """The queue of what happens when; each step may add later ones."""

    session: Session
    now: datetime
    links: Links
    chance: Random
    hours: Hours = field(init=False)
    clock: datetime = field(init=False)
    bench: Bench = field(init=False)
    shelf: Shelf = field(init=False)
    manager: Person = field(init=False)
    designs: Designs = field(init=False)
    goals: dict[str, Goal] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    requests: dict[str, LearningRequest] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hours = Hours(ZoneInfo("Europe/Berlin"), self.now)
        self.clock = self.now - LENGTH
        self._queue: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._turn = count()
        self._minutes: dict[date, float] = defaultdict(float)

    def then(self, at: datetime, do: Callable[[datetime], None]) -> None:
        """Have something happen at a moment, unless that lies in the future."""
        at = max(at, self.clock)
        if at <= self.now:
            heappush(self._queue, (at, next(self._turn), do))

    def replay(self) -> None:
        """Live through the year."""
        self._found()
        self.then(
            self.hours.at(self.hours.workday(self.hours.day_of(self.clock) + 30 * DAY), 11), self._own_form
        )
        self._ask_everything()
        self._keep_the_clock()
        self.shelf.let_people_find(self.requests)
        while self._queue:
            self.clock, _, do = heappop(self._queue)
            do(self.clock)
        self._lay_the_desk()

    def _lay_the_desk(self) -> None:
        desk.lay(
            self.session,
            hours=self.hours,
            manager=self.manager,
            experts=self.bench.experts,
            chance=self.chance,
            links=self.links,
        )
        self._score_all(self.now)
        desk.look_ahead(self.session, self.hours)
        designs.share_latest(self.session, manager=self.manager, at=self.now)

    # The company

    def _found(self) -> None:
        at = self.hours.at(self.hours.workday(self.hours.day_of(self.clock)), 8.5)
        self.clock = at
        session = self.session
        name, email, unit = company.MANAGER
        self.manager = people.meet(session, email, at=at, name=name, unit=unit)
        people.grant(session, self.manager, [Role.MANAGER, Role.ADMIN], by=None, at=at)
        ours = organisation.set_up(
            session,
            name="Fernweh Bicycles",
            hours_per_week=HOURS_PER_WEEK,
            headcount=1200,
            by=self.manager,
            at=at,
        )
        worth.set_rates(session, ours, by=self.manager, at=at)
        for name, email, unit in company.LEADERS:
            leader = people.meet(session, email, at=at, name=name, unit=unit)
            people.grant(session, leader, [Role.LEADER], by=self.manager, at=at)
        experts = []
        for name, unit in company.EXPERTS:
            expert = people.meet(session, address(name), at=at, name=name, unit=unit)
            people.grant(session, expert, [Role.CONTRIBUTOR], by=self.manager, at=at)
            experts.append(expert)
        year = self.hours.today.year
        for key, (name, weight, measure, owner, unit, target, _) in company.GOALS.items():
            self.goals[key] = goals.add(
                session, name=name, weight=weight, measure=measure, owner=owner, unit=unit, target=target,
                year_to_date=company.GOALS_BEGAN_AT[key], starts_on=date(year, 1, 1), ends_on=date(year, 12, 31), by=self.manager, at=at,
            )  # fmt: skip
        self.designs = designs.lay(
            session, goal=self.goals["quotes"], manager=self.manager, today=self.hours.today, at=at
        )
        self.shelf = Shelf(session, self.now, self.links, self.hours, self.manager, self.then, self._score)
        self.resources = self.shelf.fill(experts, at)
        self.bench = Bench(
            session, self.hours, self.manager, experts, self.chance, self.links, self.then, lambda: self.clock
        )
        ours.iterations_start_on = self.bench.begin(at)

    def _own_form(self, at: datetime) -> None:
        """The manager adds three questions of the company's own to the form."""
        form = questions.form()
        forms.change(self.session, form, stamp=forms.desk(self.session).stamp, by=self.manager, at=at)
        forms.publish(self.session, stamp=forms.desk(self.session).stamp, by=self.manager, at=at)
        self._score(at)

    # The requests

    def _ask_everything(self) -> None:
        days = self.hours.workdays(self.hours.day_of(self.clock) + 10 * DAY, self.hours.today - 9 * DAY)
        weights = [0.0 if is_managers_leave(day) else BUSY[day.month] for day in days]
        for ask in asks.EVERYTHING:
            at = self._moment_of(ask, days, weights)
            self.then(at, partial(self._submit, ask))

    def _moment_of(self, ask: Ask, days: list[date], weights: list[float]) -> datetime:
        if ask.days_ago is not None:
            return self.hours.latest_before(self.now - ask.days_ago * DAY, self.chance)
        if ask.when is not None:
            day = self.hours.day_of(self.now - LENGTH * (1 - ask.when))
        elif ask.audit:
            day = self.hours.day_of(self.now - LENGTH * (1 - self.chance.gauss(0.335, 0.012)))
        else:
            (day,) = self.chance.choices(days, weights)
        return self.hours.some_time_on(day, self.chance)

    def _submit(self, ask: Ask, at: datetime) -> None:
        asker = self._somebody_in(ask.unit)
        form = forms.current(self.session)
        typed = self._typed(ask, asker, self.hours.day_of(at))
        if form.own:
            typed["answers"].update(questions.answers(ask.title, ask.unit))
        submission = forms.submission_model(form).model_validate(typed)
        kind = self.chance.choices(("form", "mail", "api"), (85, 11, 4))[0]
        request = learning_requests.submit(
            self.session,
            submission,
            links=self.links,
            by=None,
            at=at,
            source=Source(kind),
            form_version=form.version,
        )
        self.session.flush()
        self.requests[ask.title] = request
        self.then(at + timedelta(seconds=1), self._score)
        self._next(Case(ask, asker, request, ask.fate.split(), list(ask.words), at))

    def _typed(self, ask: Ask, asker: dict[str, str], today: date) -> dict[str, Any]:
        """The request as it is sent in; what was left open is left out."""
        body: dict[str, Any] = {
            "title": ask.title,
            "problem": ask.problem,
            "behaviour": ask.behaviour,
            "if_nothing": ask.if_nothing,
            "audience": {"who": ask.who, "count": ask.count},
            "requester": asker,
            "answers": {
                **_form_in_mind(ask.title),
                **ask.answers,
                **({"goal": self.goals[ask.goal].id} if ask.goal else {}),
            },
        }
        if ask.measure:
            name, now, wanted, months = ask.measure
            by = (today + timedelta(days=30 * months)).isoformat() if months else None
            body["measure"] = {"name": name, "today": now, "wanted": wanted, "by": by}
        if ask.deadline:
            days, why = ask.deadline
            body["deadline"] = {"on": (today + timedelta(days=days)).isoformat(), "why": why}
        return body

    def _somebody_in(self, unit: str) -> dict[str, str]:
        """A dozen people a unit, some of whom ask more than once."""
        place = sum(map(ord, unit)) * 7 + int(self.chance.triangular(0, 12, 2))
        first = company.FIRST_NAMES[place % len(company.FIRST_NAMES)]
        last = company.LAST_NAMES[(place * 3) % len(company.LAST_NAMES)]
        return {"name": f"{first} {last}", "email": address(f"{first} {last}"), "unit": unit}

    # What becomes of them

    def _next(self, case: Case) -> None:
        if case.to_come:
            step = case.to_come.pop(0)
            self.then(self._due(case, step), partial(self._take, case, step))
        elif (
            case.request.status is RequestStatus.WAITLISTED
            and not case.chased
            and self.chance.random() < 0.45
        ):
            case.chased = True
            day = self.hours.day_of(self.clock) + self.chance.randint(20, 70) * DAY
            self.then(self.hours.some_time_on(day, self.chance), partial(self._chase, case))

    def _due(self, case: Case, step: str) -> datetime:
        today = self.hours.day_of(self.clock)
        if step == "wake":
            assert case.request.snoozed_until is not None  # noqa: S101 - the step before set it
            return self.hours.at(case.request.snoozed_until, 4.2)
        if step in VERDICTS:
            return self._triage(self._patience(case))
        wait = {"reply": (1, 8), "reopen": (4, 14), "withdraw": (3, 12)}[step]
        if case.request.status is RequestStatus.WAITLISTED:
            wait = (30, 60)
        due = self.hours.some_time_on(today + self.chance.randint(*wait) * DAY, self.chance)
        return self._in_time(due)

    def _patience(self, case: Case) -> timedelta:
        """How long until the manager gets to it: longer in the crowded month."""
        status = case.request.status
        if status is RequestStatus.WAITLISTED:
            return self.chance.randint(35, 55) * DAY
        days = self.chance.lognormvariate(0.9 if case.submitted_at == self.clock else 0.3, 0.65)
        crowded = self.hours.day_of(self.clock).month == CROWDED_MONTH
        return timedelta(days=days * (2.6 if crowded else 1))

    def _triage(self, patience: timedelta) -> datetime:
        """The manager's next round through the inbox after `patience`; a few minutes for each request."""
        day = self.hours.triage_day(self.hours.day_of(self.clock + patience))
        if self.hours.at(day, 9.2 + self._minutes[day] / 60) <= self.clock + timedelta(minutes=20):
            day = self.hours.triage_day(day + DAY)
        due = self.hours.at(day, 9.2 + self._minutes[day] / 60).replace(microsecond=0)
        self._minutes[day] += self.chance.uniform(1.5, 6)
        return self._in_time(due)

    def _in_time(self, due: datetime) -> datetime:
        """What has to have happened by now happens by now, in office time."""
        if due <= self.now - timedelta(hours=1):
            return due
        halfway = self.clock + (self.now - self.clock) / 2
        return max(self.hours.latest_before(halfway, self.chance), self.clock + timedelta(minutes=25))

    def _take(self, case: Case, step: str, at: datetime) -> None:
        if step in VERDICTS:
            self._decide(case, Verdict(step), at)
        elif step == "wake":
            deciding.wake_snoozed(self.session, today=self.hours.day_of(at), at=at)
        else:
            self._answer_back(case, step, at)
        self._next(case)

    def _decide(self, case: Case, verdict: Verdict, at: datetime) -> None:
        ask, request = case.ask, case.request
        note = ask.note or (self.chance.choice(words.INTERNAL) if self.chance.random() < 0.15 else "")
        if note and request.first_decided_at is None:
            conversations.say(
                self.session, request, note, links=self.links, by=self.manager, at=at, internal=True
            )
        said = case.words.pop(0) if case.words else self.chance.choice(words.USUAL[verdict.value])
        ruling = Ruling(
            verdict,
            words=said,
            reason=ask.reason if verdict in {Verdict.DECLINE, Verdict.REDIRECT, Verdict.SNOOZE} else "",
            until=self._until(case) if verdict is Verdict.SNOOZE else None,
            join_to=self.requests[ask.joins] if verdict is Verdict.JOIN else None,
            resource=self.resources[ask.resource] if verdict is Verdict.ANSWER else None,
            solution_type=ask.work.solution if ask.work else "workshop",
        )
        deciding.decide(self.session, request, ruling, links=self.links, by=self.manager, at=at)
        if verdict is Verdict.ACCEPT and ask.work:
            project = learning_requests.project_of(self.session, request)
            assert project is not None  # noqa: S101 - accepting made it
            self.bench.take_on(project, ask.work, at, on_end=partial(self._after_the_end, case))

    def _until(self, case: Case) -> date:
        if "wake" in case.to_come:
            return self.hours.workday(self.hours.day_of(self.clock) + 42 * DAY)
        return self.hours.workday(self.hours.today + self.chance.randint(14, 75) * DAY)

    def _answer_back(self, case: Case, step: str, at: datetime) -> None:
        """The requester writes, and what follows from it."""
        request, requester = case.request, case.request.requester
        if case.ask.reply:
            conversations.say(self.session, request, case.ask.reply, links=self.links, by=requester, at=at)
        if step == "withdraw":
            learning_requests.withdraw(self.session, request, by=requester, at=at)
            return
        if case.ask.reply_answers and step == "reply":
            changed = ChangedAnswers.model_validate(case.ask.reply_answers)
            version = forms.current(self.session).version
            learning_requests.change_answers(
                self.session, request, changed, by=requester, at=at, form_version=version
            )
        if request.status is not RequestStatus.SUBMITTED:
            deciding.reopen(self.session, request, by=self.manager, at=at)
        self.then(at + timedelta(seconds=1), self._score)

    def _chase(self, case: Case, at: datetime) -> None:
        asked, answered = self.chance.choice(words.CHASES)
        request = case.request
        conversations.say(self.session, request, asked, links=self.links, by=request.requester, at=at)
        reply_at = self.hours.some_time_on(self.hours.day_of(at) + DAY, self.chance)
        self.then(reply_at, partial(self._reply, case, answered))

    def _reply(self, case: Case, answered: str, at: datetime) -> None:
        conversations.say(self.session, case.request, answered, links=self.links, by=self.manager, at=at)

    def _after_the_end(self, case: Case, at: datetime) -> None:
        """A project stopped early is explained; one that is done may be confirmed by who asked for it."""
        work = case.ask.work
        assert work is not None  # noqa: S101 - only work ends
        if work.stop_words:
            conversations.say(
                self.session, case.request, work.stop_words, links=self.links, by=self.manager, at=at
            )
        if work.verified_words:
            day = self.hours.day_of(at) + self.chance.randint(9, 20) * DAY
            self.then(self.hours.some_time_on(day, self.chance), partial(self._verify, case))

    def _verify(self, case: Case, at: datetime) -> None:
        request, requester = case.request, case.request.requester
        assert case.ask.work is not None  # noqa: S101 - only work is verified
        conversations.say(
            self.session, request, case.ask.work.verified_words, links=self.links, by=requester, at=at
        )
        learning_requests.verify(self.session, request, by=requester, at=at)

    # The clock

    def _keep_the_clock(self) -> None:
        """What the flows would have done: a round of scoring every other Monday, an edition for each full quarter."""
        day = self.hours.day_of(self.clock)
        day += (7 - day.weekday()) * DAY
        while day <= self.hours.today:
            self.then(self.hours.at(day, 2), self._score_all)
            day += 14 * DAY
        for week in range(PROMISED_WEEKS):
            monday = self.hours.today - (self.hours.today.weekday() + 7 * week) * DAY
            self.then(self.hours.at(monday, 2.75), self._forecast)
        for day in self.hours.workdays(self.hours.today - 56 * DAY, self.hours.today - DAY):
            self.then(self.hours.at(day, 17), partial(self._note_small_asks, day))
        end = quarter_start(self.hours.today)
        for _ in range(3):
            start = quarter_start(end - DAY)
            self.then(self.hours.at(end - DAY, 22), self._look_ahead)
            self.then(self.hours.at(end, 6), partial(self._ask_for, start, end))
            end = start
        self._say_how_goals_stand()

    def _look_ahead(self, at: datetime) -> None:
        """The plan of the quarter's last night: what its report asks leadership to decide."""
        self.session.flush()
        plans.make(self.session, why="nightly", by=None, at=at)

    def _say_how_goals_stand(self) -> None:
        """The value to date of each goal is said three days before the end of each quarter, and now; of what is counted within the
        year from its first day on."""
        said_on = [self.hours.today - 3 * DAY]
        end = quarter_start(self.hours.today)
        while end - 30 * DAY > self.hours.day_of(self.clock):
            said_on.append(end - 3 * DAY)
            end = quarter_start(end - DAY)
        for key, (*_, reached) in company.GOALS.items():
            first = self.hours.day_of(self.clock)
            start = company.GOALS_BEGAN_AT[key]
            if not start:
                first = max(first, date(self.hours.today.year, 1, 1))
            for day in said_on:
                share = max(0.0, (day - first) / (said_on[0] - first)) if said_on[0] > first else 1.0
                value = start + (reached - start) * min(1.0, share)
                value = reached if share >= 1 else round(value, 1 if reached % 1 else 0)
                at = self.hours.at(self.hours.workday(day), 8 + len(key) / 60)
                self.then(at, partial(self._reach, key, value))

    def _reach(self, key: str, value: float, at: datetime) -> None:
        goals.edit(self.session, self.goals[key], by=self.manager, at=at, year_to_date=value)

    def _forecast(self, at: datetime) -> None:
        self.session.flush()
        promises.record_all(self.session, now=at)

    def _note_small_asks(self, day: date, at: datetime) -> None:
        desk.small_asks(self.session, self.manager, day, at)

    def _ask_for(self, start: date, end: date, at: datetime) -> None:
        editions.ask(
            self.session,
            kind="quarterly",
            period_start=start,
            period_end=end,
            by=None,
            at=at,
            scheduled=True,
            report=self.designs.quarterly,
        )

    def _score_all(self, at: datetime) -> None:
        waiting.want_all(self.session, at=at)
        self._score(at)

    def _score(self, at: datetime) -> None:
        self.session.flush()
        for number in assessments.score_waiting(self.session, now=at, flow_run_id=None):
            known = self.session.identity_map.get(identity_key(LearningRequest, number))
            if known is not None:
                self.session.expire(known)


def address(name: str) -> str:
    """An invented address for an invented person."""
    plain = normalize("NFKD", name.replace("ı", "i")).encode("ascii", "ignore").decode()
    return f"{'.'.join(plain.lower().split())}@fernweh.example"


def _form_in_mind(title: str) -> dict[str, Any]:
    """Two in three people have a form in mind; which, follows from the title so that nothing else shifts."""
    forms = (
        "workshop",
        "job_aid",
        "",
        "peer_session",
        "elearning",
        "",
        "live_virtual",
        "job_aid",
        "workshop",
    )
    form = forms[sum(map(ord, title)) % len(forms)]
    return {"format": form, "finished_hours": 0.2} if form == "job_aid" else {"format": form} if form else {}
