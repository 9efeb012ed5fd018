"""The invented library, who joined whose request, and what the suggestions were good for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random

from sqlalchemy.orm import Session

from portfolio import demand, library, suggestion_ledger, supporters
from portfolio.demand import Demand
from portfolio.demo import company
from portfolio.demo.hours import DAY, Hours
from portfolio.library import ResourceGiven
from portfolio.links import Links
from portfolio.models import LearningRequest, Person, Resource
from portfolio.suggestions import REQUEST, RESOURCE, Thing
from portfolio.supporters import JOINABLE

ENDINGS = ("solved", "opened", "shown", "solved", "opened", "shown", "joined", "shown")
"""What came of each ask that was shown something, in turn."""


@dataclass
class Shelf:
    """Puts resources on the shelf and lets people find them. It has a die of its own, so that the year's other chances stay."""

    session: Session
    now: datetime
    links: Links
    hours: Hours
    manager: Person
    then: Callable[[datetime, Callable[[datetime], None]], None]
    score: Callable[[datetime], None]
    chance: Random = field(default_factory=lambda: Random(company.SHELF_SEED))
    resources: dict[str, Resource] = field(default_factory=dict)

    def fill(self, owners: Sequence[Person], at: datetime) -> dict[str, Resource]:
        """Everything that is there from the first day, wholes before their parts."""
        for place, (title, kind, minutes, topics) in enumerate(company.RESOURCES):
            self._add(
                title,
                kind,
                minutes,
                owners[place % len(owners)],
                at,
                topics=", ".join(topics.split()),
                place=place,
            )
        for whole, parts in company.PARTS.items():
            owner = self.resources[whole].owner
            assert owner is not None  # noqa: S101 - given above
            for title, minutes in parts:
                self._add(
                    title,
                    "video",
                    minutes,
                    owner,
                    at,
                    place=len(self.resources),
                    part_of=self.resources[whole].id,
                )
        return self.resources

    def let_people_find(self, requests: dict[str, LearningRequest]) -> None:
        """Asks through the year that were shown something, reports that something is old, and people who join."""
        titles = list(self.resources)
        for turn in range(company.ASKS_SHOWN):
            day = self.hours.today - (5 + turn * 7) * DAY
            at = self.hours.some_time_on(self.hours.workday(day), self.chance)
            self.then(at, partial(self._found, f"demo-{turn}", self.chance.sample(titles[:15], 2), requests))
        for days, title, words in company.OUTDATED:
            at = self.hours.some_time_on(self.hours.workday(self.hours.today - days * DAY), self.chance)
            self.then(at, partial(self._report, title, words))
        for days, title, name, unit, words, reach in company.JOINERS:
            at = self.hours.some_time_on(self.hours.workday(self.hours.today - days * DAY), self.chance)
            self.then(at, partial(self._join, requests, title, name, unit, words, reach))

    def _add(
        self,
        title: str,
        kind: str,
        minutes: int,
        owner: Person,
        at: datetime,
        *,
        place: int,
        topics: str = "",
        part_of: int | None = None,
    ) -> None:
        given = ResourceGiven.model_validate(
            {
                "title": title, "kind": kind, "minutes": minutes, "topics": topics, "owner": owner.email, "part_of": part_of,
                "link": f"https://library.fernweh.example/{place + 1}", "language": "English",
                "about": company.ABOUT.get(title, ""), "audience": company.AUDIENCE.get(title, ""),
                "review_on": None if part_of else self.hours.today + (place * 37 - 90) * DAY,
            }
        )  # fmt: skip
        self.resources[title] = library.add(self.session, given, by=self.manager, at=at)

    def _found(self, ask: str, titles: list[str], requests: dict[str, LearningRequest], at: datetime) -> None:
        """Somebody was writing, and was shown two things."""
        first, second = (self.resources[title] for title in titles)
        thing = Thing(RESOURCE, first.id)
        suggestion_ledger.shown(self.session, ask, [thing, Thing(RESOURCE, second.id)], at=at)
        ending = ENDINGS[int(ask.removeprefix("demo-")) % len(ENDINGS)]
        if ending == "shown":
            return
        saves = suggestion_ledger.hours_of(self.session, {"format": "job_aid"}, today=self.hours.day_of(at))
        if ending == "joined":
            open_ones = [one for one in requests.values() if one.status in JOINABLE]
            if open_ones:
                thing = Thing(REQUEST, open_ones[-1].id)
                suggestion_ledger.joined(self.session, ask, thing, at=at, saves=saves)
            return
        settle = suggestion_ledger.solved if ending == "solved" else suggestion_ledger.opened
        settle(self.session, ask, thing, at=at, saves=saves)
        library.use(self.session, first, by=None, at=at)

    def _report(self, title: str, words: str, at: datetime) -> None:
        library.report_outdated(self.session, self.resources[title], words, links=self.links, by=None, at=at)

    def _join(
        self,
        requests: dict[str, LearningRequest],
        title: str,
        name: str,
        unit: str,
        words: str,
        reach: int | None,
        at: datetime,
    ) -> None:
        one = requests.get(title)
        if one is None or one.status not in JOINABLE:
            return
        email = f"{name.lower().replace(' ', '.')}@fernweh.example"
        supporters.join(
            self.session,
            one,
            email=email,
            name=name,
            unit=unit,
            words=words,
            reach=reach,
            links=self.links,
            at=at,
        )
        self.score(at)
        self._alert(one, at)

    def _alert(self, one: LearningRequest, at: datetime) -> None:
        """Told once, as soon as enough people stand behind a request."""
        behind = supporters.listed(self.session, one)
        if len(behind) == company.ALERT_AT:
            units = {one.unit_id, *(supporter.unit_id for supporter in behind)} - {None}
            news = Demand(one.id, (), len(behind) + 1, len(units))
            demand.raise_alerts(self.session, [news], links=self.links, at=at)
