"""The manager's two-week rhythm: plans cards, works on them, closes, learns; and reads the measures of what she made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy.orm import Session

from portfolio import cards, checklists, iterations, measures, projects
from portfolio.demo import words, worth
from portfolio.demo.asks import Work
from portfolio.demo.hours import CROWDED_MONTH, DAY, Hours, is_managers_leave, is_year_end
from portfolio.demo.surveying import Surveying
from portfolio.history import record
from portfolio.iteration_review import Outcome, ProjectReview, Retrospective
from portfolio.links import Links
from portfolio.models import Card, Column, Contribution, Iteration, Measure, Person, Project
from portfolio.states import Health, IterationStatus, Stage

ITERATIONS = 20
CAPACITY = 30.0
Then = Callable[[datetime, Callable[[datetime], None]], None]

STAGES = {
    # the stage a project is in while this card of its template is the next one to finish
    "job_aid": "discover prototype pilot launch measure",
    "peer_session": "discover build launch measure measure",
    "workshop": "discover discover prototype pilot pilot launch measure measure",
    "live_virtual": "discover prototype pilot launch measure measure",
    "elearning": "discover prototype prototype pilot build launch measure measure",
    "path": "discover discover prototype pilot launch measure",
}
HOURS = {
    "job_aid": (2.5, 4, 2, 2, 1.5),
    "peer_session": (1.5, 1, 3, 1.5, 1.5),
    "workshop": (3.5, 2.5, 5, 7, 4.5, 7, 2, 2.5),
    "live_virtual": (2.5, 5, 3, 5, 2, 2.5),
    "elearning": (3, 5, 7, 3.5, 8, 2.5, 2, 2.5),
    "path": (3, 5, 7, 6, 4, 2.5),
}
OWN_PROJECTS = (
    # name, solution, how far, goal, audience, people, when
    ("Safety induction, ready for the audit", "job_aid", Stage.DONE, "safety", "Everybody new in the plant", 130, 0.26),
    ("Leadership basics, second group", "path", Stage.PILOT, "keep", "Leads of leads", 14, 0.47),
    ("Mentoring circle for welders", "peer_session", Stage.LAUNCH, "keep", "Young welders and four old hands", 16, 0.62),
)  # fmt: skip


@dataclass
class Task:
    """A card with what is left to do on it. `held` ones are begun at most: the project shall stay at its stage."""

    card: Card
    hours: float
    left: float
    order: int
    stage: Stage | None = None
    held: bool = False
    not_before: datetime | None = None

    def can_go_on(self, at: datetime) -> bool:
        return (
            self.left > 0
            and self.card.archived_at is None
            and (self.not_before is None or self.not_before <= at)
        )


@dataclass
class Undertaking:
    """A project under way."""

    project: Project
    work: Work
    tasks: list[Task]
    on_end: Callable[[datetime], None]
    measure: Measure | None = None


@dataclass
class Bench:
    """Everything under way, and the rhythm in which it is worked on."""

    session: Session
    hours: Hours
    manager: Person
    experts: list[Person]
    chance: Random
    links: Links
    then: Then
    clock: Callable[[], datetime]
    under_way: list[Undertaking] = field(default_factory=list)
    others: list[Task] = field(default_factory=list)
    reviewed: int = 0
    surveying: Surveying = field(init=False)

    def __post_init__(self) -> None:
        self.surveying = Surveying(self.session, self.hours, self.manager, self.links, self.then)

    def begin(self, at: datetime) -> date:
        """Put all two-week periods of the year in the calendar; returns when the first iteration starts."""
        self.backlog, self.next, self.doing, self.waiting, self.done = cards.columns(self.session)
        self.surveying.begin()
        self.extra_cards = list(words.EXTRA_CARDS) * 2
        self.other_cards = list(words.OTHER_CARDS)
        self.crowded_cards = list(words.CROWDED_CARDS)
        monday = self._monday_of_the_open_one()
        periods = [monday - 14 * n * DAY for n in range(26)]
        boxed = set([p for p in periods if p == monday or not _is_skipped(p)][:ITERATIONS])
        for start in periods:
            if start >= self.hours.day_of(at):
                self.then(
                    self.hours.at(self.hours.workday(start), 9.05),
                    partial(self._begin_period, start, boxed=start in boxed),
                )
        for name, solution, until, goal, audience, count, when in OWN_PROJECTS:
            day = self.hours.day_of(self.hours.now - 364 * DAY * (1 - when))
            self.then(
                self.hours.some_time_on(day, self.chance),
                partial(self._start_own, name, solution, until, goal, audience, count),
            )
        return min(boxed)

    def take_on(
        self, project: Project, work: Work, at: datetime, *, on_end: Callable[[datetime], None]
    ) -> None:
        """A project has been started: estimate its cards, find its experts, look its measure up."""
        held = cards.of_project(self.session, project)
        held.sort(key=lambda card: card.id)
        stages = [Stage(word) for word in STAGES[work.solution].split()]
        last = max((n for n, stage in enumerate(stages) if stage is work.until), default=len(stages))
        tasks = []
        for place, (card, usual, stage) in enumerate(zip(held, HOURS[work.solution], stages, strict=True)):
            estimate = max(0.5, round(2 * usual * self.chance.uniform(0.75, 1.35)) / 2)
            cards.edit(self.session, card, version=None, by=self.manager, at=at, estimate_hours=estimate)
            actual = estimate * self.chance.lognormvariate(0.12, 0.35)
            is_held = work.until not in {Stage.DONE, Stage.STOPPED} and place >= last
            tasks.append(Task(card, actual, actual, place, stage, held=is_held))
        self.session.flush()
        undertaking = Undertaking(project, work, tasks, on_end)
        undertaking.measure = next(iter(measures.of_project(self.session, project)), None)
        self.under_way.append(undertaking)
        self._soon(2, partial(self._ask_experts, undertaking))
        self._soon(4, partial(self._read_the_past, undertaking))
        if work.until is Stage.STOPPED:
            self._soon(24, partial(self._move, undertaking, Stage.PROTOTYPE))
            self._soon(38, partial(self._stop, undertaking))
        if work.health:
            state, note = work.health
            self._soon(30, partial(self._note_health, project, Health(state), note))

    # Two weeks

    def _begin_period(self, start: date, at: datetime, *, boxed: bool) -> None:
        days = self.hours.workdays(start, start + 11 * DAY)
        leave = sum(is_managers_leave(day) for day in days)
        days = [day for day in days if not is_managers_leave(day)]
        capacity = CAPACITY * len(days) / 10 * self.chance.choice((1, 1, 1, 0.85, 0.9))
        if not days:
            return
        crowded = start.month == CROWDED_MONTH
        self._recur(start, at, crowded=crowded)
        wanted = capacity * (self.chance.uniform(1.2, 1.4) if crowded else self.chance.uniform(0.85, 1.08))
        is_open_now = start == self._monday_of_the_open_one()
        chosen = self._choose(wanted, at, open_now=is_open_now)
        iteration = self._plan(start, round(capacity, 0), chosen, at) if boxed else None
        able = capacity * (0.85 if crowded else self.chance.uniform(0.88, 1.1)) * (0.9 if leave else 1)
        self._work_off(chosen, able, days)
        self._interrupt(iteration, days)
        if iteration is not None:
            self.then(self.hours.at(days[0], 9.6), partial(self._open, iteration))
            for day in (start + n * DAY for n in range(14)):
                self.then(
                    self.hours.at(day, 23.5),
                    partial(self._snapshot, day),
                )
            if not is_open_now:
                self.then(self.hours.at(start + 11 * DAY, 16.3), partial(self._close, iteration))

    def _recur(self, start: date, at: datetime, *, crowded: bool) -> None:
        """The welcome day each month, and what all want from her at once in the crowded one."""
        if start.day <= 14:
            self._add_other(f"Welcome day for new people, {start:%B}", 2.5, at)
        while crowded and self.crowded_cards:
            self._add_other(*self.crowded_cards.pop(), at)
            if len(self.crowded_cards) == len(words.CROWDED_CARDS) // 2:
                break

    def _add_other(self, title: str, usual: float, at: datetime) -> None:
        card = cards.add(self.session, title=title, by=self.manager, at=at, estimate_hours=usual)
        actual = usual * self.chance.lognormvariate(0.1, 0.3)
        self.others.append(Task(card, actual, actual, 50))

    def _choose(self, wanted: float, at: datetime, *, open_now: bool) -> list[Task]:
        """What is begun already, then the oldest projects' next cards, a few of each, until the hours are used up."""
        begun = [task for task in self._waiting_tasks(at, open_now=open_now) if task.card.started_at]
        fresh = [task for task in self._waiting_tasks(at, open_now=open_now) if not task.card.started_at]
        chosen: list[Task] = []
        for task in begun + fresh:
            if task.left + sum(one.left for one in chosen) <= wanted + 1 and len(chosen) < 12:
                chosen.append(task)
        return chosen

    def _waiting_tasks(self, at: datetime, *, open_now: bool) -> list[Task]:
        found: list[tuple[int, int, Task]] = []
        for age, undertaking in enumerate(self.under_way):
            if not undertaking.project.is_live:
                continue
            ready = [task for task in undertaking.tasks if task.left > 0 and (not task.held or open_now)]
            ready = [task for task in ready if task.not_before is None or task.not_before <= at]
            waits = next(
                (t.order for t in undertaking.tasks if t.not_before and t.not_before > at and t.left > 0), 99
            )
            ready = [task for task in ready if task.order < waits or task.stage is None][:3]
            found += [(place, age, task) for place, task in enumerate(ready)]
        found += [(0, 99, task) for task in self.others if task.left > 0]
        return [task for _, _, task in sorted(found, key=lambda one: one[:2])]

    def _plan(self, start: date, capacity: float, chosen: list[Task], at: datetime) -> Iteration:
        iteration = iterations.plan(
            self.session, starts_on=start, ends_on=start + 11 * DAY, capacity_hours=capacity,
            goal=words.GOALS[min(self.reviewed, len(words.GOALS) - 1)], by=self.manager, at=at,
        )  # fmt: skip
        for place, task in enumerate(chosen):
            moment = at + timedelta(seconds=25 * (place + 1))
            self.then(moment, partial(self._take_in, task.card, iteration))
        return iteration

    def _take_in(self, card: Card, iteration: Iteration, at: datetime) -> None:
        cards.take_into(self.session, card, iteration, by=self.manager, at=at)
        if card.column_id == self.backlog.id:
            cards.place(self.session, card, self.next, by=self.manager, at=at)

    def _work_off(self, chosen: list[Task], able: float, days: list[date]) -> None:
        """Two things side by side, each at half speed; what waits for somebody else goes on some days later."""
        lanes = [0.0, 0.0]
        for task in chosen:
            lane = lanes.index(min(lanes))
            first, last = lanes[lane], lanes[lane] + task.left
            if first >= able / 2 - 0.3:
                continue
            lanes[lane] = last
            begins = self._moment(first, able / 2, days)
            self.then(begins, partial(self._place, task, self.doing))
            if task.held:
                continue
            ends = self._moment(last, able / 2, days)
            if self.chance.random() < 0.24:
                pause = begins + (ends - begins) / 2
                pause = self.hours.some_time_on(self.hours.day_of(pause), self.chance)
                self.then(max(pause, begins), partial(self._place, task, self.waiting))
                again = self.hours.some_time_on(
                    self.hours.day_of(max(ends, pause)) + self.chance.randint(1, 4) * DAY, self.chance
                )
                self.then(again, partial(self._place, task, self.doing))
                ends = max(again, ends) + timedelta(minutes=self.chance.randint(40, 90))
            if last > able / 2:
                self.then(
                    self.hours.at(days[-1], 16),
                    partial(self._part_done, task, able / 2 - first),
                )
            else:
                self.then(self.hours.in_office(ends), partial(self._finish, task))

    def _moment(self, gone: float, able: float, days: list[date]) -> datetime:
        """When that many of the period's hours are used up, in office time."""
        place = min(gone / max(able, 0.1), 0.999) * len(days)
        day = days[int(place)]
        return self.hours.at(day, 10 + 5.6 * (place - int(place))).replace(microsecond=0)

    def _interrupt(self, iteration: Iteration | None, days: list[date]) -> None:
        """Small things come up and are done within a day or two."""
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            pool = self.other_cards if self.other_cards and self.chance.random() < 0.4 else self.extra_cards
            if not pool or len(days) < 5:
                return
            title, usual = pool.pop(self.chance.randrange(len(pool)))
            belongs = pool is self.extra_cards
            day = self.chance.choice(days[1:-3])
            self.then(
                self.hours.some_time_on(day, self.chance),
                partial(self._come_up, title, usual, iteration, belongs=belongs),
            )

    def _come_up(
        self, title: str, usual: float, iteration: Iteration | None, at: datetime, *, belongs: bool
    ) -> None:
        live = [
            one for one in self.under_way if one.project.is_live and one.project.stage is not Stage.DISCOVER
        ]
        of = self.chance.choice(live) if belongs and live else None
        if iteration is not None and iteration.status is not IterationStatus.OPEN:
            iteration = None
        card = cards.add(
            self.session, title=title, by=self.manager, at=at, column=self.next, iteration=iteration,
            project=of.project if of else None, estimate_hours=usual,
        )  # fmt: skip
        task = Task(card, usual, usual * self.chance.lognormvariate(0, 0.3), 50)
        (of.tasks if of else self.others).append(task)
        if self.chance.random() < 0.86:
            starts = self.hours.some_time_on(self.hours.day_of(at) + DAY, self.chance)
            self.then(starts, partial(self._place, task, self.doing))
            self.then(
                self.hours.in_office(starts + timedelta(hours=min(usual, 3))),
                partial(self._finish, task),
            )

    def _open(self, iteration: Iteration, at: datetime) -> None:
        iterations.start(self.session, iteration, by=self.manager, at=at)

    def _snapshot(self, day: date, at: datetime) -> None:
        iterations.snapshot_open(self.session, on=day, at=at)

    def _close(self, iteration: Iteration, at: datetime) -> None:
        shown, learned, next_step = words.REVIEWS[self.reviewed]
        self.reviewed += 1
        back = words.RETROSPECTIVES[self.reviewed % len(words.RETROSPECTIVES)]
        iterations.close(
            self.session, iteration, shown=shown, learned=learned, next_step=next_step, by=self.manager, at=at,
            review=self._review(iteration), retrospective=Retrospective(*back),
        )  # fmt: skip

    def _review(self, iteration: Iteration) -> list[ProjectReview]:
        """What is worked on goes on; now and then it goes on differently."""
        held = iterations.held(self.session, iteration)
        of = {card.project.id for card in held if card.project is not None and card.project.is_live}
        return [
            ProjectReview(one, Outcome.KEEP if (one + self.reviewed) % 6 else Outcome.CHANGE)
            for one in sorted(of)
        ]

    # Cards

    def _place(self, task: Task, column: Column, at: datetime) -> None:
        if not task.can_go_on(at) or task.card.column_id == column.id:
            return
        if task.held and self._count_doing() >= (self.doing.wip_limit or 3):
            return
        cards.place(self.session, task.card, column, by=self.manager, at=at)

    def _count_doing(self) -> int:
        tasks = [task for one in self.under_way for task in one.tasks] + self.others
        return sum(task.card.column_id == self.doing.id and not task.card.archived_at for task in tasks)

    def _part_done(self, task: Task, gone: float, _at: datetime) -> None:
        task.left = max(0.3, task.left - max(gone, 0))

    def _finish(self, task: Task, at: datetime) -> None:
        if not task.can_go_on(at):
            return
        task.left = 0
        for item in checklists.listed(self.session, task.card):
            checklists.tick(self.session, task.card, item, done=True, by=self.manager, at=at)
        if task.card.column_id not in {self.doing.id, self.waiting.id}:
            cards.place(self.session, task.card, self.doing, by=self.manager, at=at)
        if self.chance.random() < 0.8:
            spent = max(0.5, round(2 * task.hours) / 2)
            cards.edit(self.session, task.card, version=None, by=self.manager, at=at, actual_hours=spent)
        cards.place(self.session, task.card, self.done, 0, by=self.manager, at=at)
        undertaking = next((one for one in self.under_way if task in one.tasks), None)
        if undertaking is not None:
            self._advance(undertaking, at)

    # Projects

    def _start_own(
        self, name: str, solution: str, until: Stage, goal: str, audience: str, count: int, at: datetime
    ) -> None:
        from portfolio import goals  # the goals were added after this module was read
        from portfolio.demo import company

        wanted = company.GOALS[goal][0]
        served = next(one for one in goals.listed(self.session) if one.name == wanted)
        project = projects.add(
            self.session, name=name, solution_type=solution, by=self.manager, at=at, goal_id=served.id, audience=audience,
            people_count=count, estimate_hours=sum(HOURS[solution]),
        )  # fmt: skip
        for title in projects.TEMPLATES[solution]:
            cards.add(self.session, title=title, project=project, by=self.manager, at=at)
        self.take_on(
            project, Work(solution, until, before=0, after=0, experts=((2, 3),)), at, on_end=_nothing
        )

    def _advance(self, undertaking: Undertaking, at: datetime) -> None:
        """A project stands at the stage of its first unfinished card; after the last one it is done."""
        project = undertaking.project
        if not project.is_live:
            return
        open_ones = [task for task in undertaking.tasks if task.stage is not None and task.left > 0]
        to = open_ones[0].stage if open_ones else Stage.DONE
        if to is None or to is project.stage:
            return
        self._move(undertaking, to, at)
        if to is Stage.LAUNCH:
            self.surveying.launch(project, undertaking.work.learners, undertaking.work.effect, at)
        if to is Stage.MEASURE:
            self._launched(undertaking, at)
        if to is Stage.DONE:
            undertaking.on_end(at)

    def _move(self, undertaking: Undertaking, to: Stage, at: datetime) -> None:
        if undertaking.project.is_live and undertaking.project.stage is not to:
            projects.move(self.session, undertaking.project, to, by=self.manager, at=at, links=self.links)

    def _stop(self, undertaking: Undertaking, at: datetime) -> None:
        projects.move(
            self.session, undertaking.project, Stage.STOPPED, by=self.manager, at=at,
            hours_saved=undertaking.work.hours_saved,
        )  # fmt: skip
        for task in undertaking.tasks:
            if task.left > 0:
                task.left = 0
                cards.archive(self.session, task.card, by=self.manager, at=at)
        undertaking.on_end(at)

    def _note_health(self, project: Project, health: Health, note: str, at: datetime) -> None:
        projects.note_health(self.session, project, health, note, by=self.manager, at=at)

    def _ask_experts(self, undertaking: Undertaking, at: datetime) -> None:
        for place, granted in undertaking.work.experts:
            expert, project = self.experts[place], undertaking.project
            self.session.add(
                Contribution(project_id=project.id, person_id=expert.id, granted_hours=granted, created_at=at)
            )
            record(
                self.session,
                "project.expert_asked",
                project,
                by=self.manager,
                at=at,
                person=expert.id,
                hours=granted,
            )

    def _launched(self, undertaking: Undertaking, at: datetime) -> None:
        """People begin to use it: costs are known, surveys go out, readings follow, the last cards wait for them."""
        work, project = undertaking.work, undertaking.project
        today = self.hours.day_of(at)
        worth.book(self.session, project, work.costs, on=today, by=self.manager, at=at)
        for task in undertaking.tasks:
            if task.card.title.startswith(("Ask at 30 days", "Read the measure")):
                wait = 30 if task.card.title.startswith("Ask") else 36
                task.not_before = at + wait * DAY
        every = 7 if work.after > 5 else 16
        for turn in range(work.after):
            self._soon(every * (turn + 1), partial(self._read_after, undertaking, turn))
        if work.after and work.until is Stage.DONE:
            self._soon(every * work.after + 3, partial(self._conclude, undertaking))

    # Measures

    def _read_the_past(self, undertaking: Undertaking, at: datetime) -> None:
        """The values of the months before, taken from records that exist already."""
        measure, work = undertaking.measure, undertaking.work
        if measure is None or measure.baseline is None or measure.target is None:
            return
        measure.unit = "%" if measure.name.endswith("%") else ""
        measure.name = measure.name.removesuffix(", %")
        measure.worthwhile_change, measure.value_per_unit = work.worthwhile, work.value_per_unit
        measure.value_basis = worth.VALUED_BY.get(measure.name, "")
        today, apart = self.hours.day_of(at), 7 if work.before > 5 else 30
        for back in range(work.before, 0, -1):
            on = self.hours.workday(today - apart * back * DAY)
            self._read(measure, self._about(measure, 0, work), min(on, today), at, after=False)
            if work.comparison:
                self._read(
                    measure, self._about(measure, 0, work), min(on, today), at, after=False, comparison=True
                )

    def _read_after(self, undertaking: Undertaking, turn: int, at: datetime) -> None:
        measure, work = undertaking.measure, undertaking.work
        if measure is None or measure.baseline is None or measure.target is None:
            return
        reached = work.effect * min(1, 0.7 + 0.15 * turn)
        today = self.hours.day_of(at)
        self._read(measure, self._about(measure, reached, work), today, at, after=True)
        if work.comparison:
            self._read(measure, self._about(measure, 0.05, work), today, at, after=True, comparison=True)

    def _about(self, measure: Measure, reached: float, work: Work) -> float:
        """A value on the way from baseline to target, with the noise of real life."""
        baseline, target = measure.baseline or 0.0, measure.target or 0.0
        value = baseline + reached * (target - baseline) + self.chance.gauss(0, work.noise * abs(baseline))
        return max(0.0, round(value, 1 if abs(baseline) < 100 else 0))

    def _read(
        self, measure: Measure, value: float, on: date, at: datetime, *, after: bool, comparison: bool = False
    ) -> None:
        measures.read(
            self.session,
            measure,
            value=value,
            on=on,
            after=after,
            by=self.manager,
            at=at,
            comparison=comparison,
        )

    def _conclude(self, undertaking: Undertaking, at: datetime) -> None:
        """What the readings allow to say, by the rule and nothing else."""
        measure = undertaking.measure
        if measure is not None and measure.baseline is not None:
            self.session.refresh(measure, ["readings"])
            worth.conclude(self.session, undertaking.project, by=self.manager, at=at)

    def _soon(self, days: int, do: Callable[[datetime], None]) -> None:
        """That many days from now, in office time."""
        self.then(self.hours.some_time_on(self.hours.day_of(self.clock()) + days * DAY, self.chance), do)

    def _monday_of_the_open_one(self) -> date:
        today = self.hours.today
        monday = today - today.weekday() * DAY - (0 if today.weekday() > 4 else 7) * DAY
        while self.hours.at(self.hours.workday(monday), 10) > self.hours.now:
            monday -= 7 * DAY
        return monday


def _is_skipped(start: date) -> bool:
    """No iteration over the manager's leave or the turn of the year."""
    days = [start + n * DAY for n in range(12)]
    return sum(is_managers_leave(day) for day in days) > 5 or sum(map(is_year_end, days)) > 3


def _nothing(_at: datetime) -> None:
    """Nobody asked for it, so nobody hears that it is done."""
