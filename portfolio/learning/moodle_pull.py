"""Pulls a Moodle: what it may, the catalogue, and of the courses that belong to something who finished and how they found it.

Nobody is asked for twice within a rhythm: what Moodle said of a person is kept as a lookup, so that a run that ended early, by a
crash or by its number of calls, goes on where it was.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from portfolio.database import Database, hold
from portfolio.learning import records
from portfolio.learning.calling import Unreachable
from portfolio.learning.moodle import (
    ACTIVITIES,
    ANALYSIS,
    COMPLETION,
    ENROLLED,
    FEEDBACKS,
    REPORT,
    BadReport,
    Course,
    Done,
    Feedback,
    Moodle,
    MoodleRefused,
    Row,
    Site,
    User,
)
from portfolio.learning.records import Thing
from portfolio.learning.refusals import refuse
from portfolio.links import Links
from portfolio.models import LearningActivity, LearningLookup, LearningSource
from portfolio.rules import learning
from portfolio.rules.learning import FEWEST, Identity

AT_ONCE = 25
"""People whose completion is kept at a time: so many calls a crash makes again."""
FINISHED_STAYS = timedelta(days=90)
UNTRACKED_STAYS = timedelta(days=7)
COURSE, FEEDBACK = "course", "feedback"


class Pull:
    """One run of one Moodle."""

    def __init__(
        self, database: Database, number: int, moodle: Moodle, *, links: Links, now: datetime
    ) -> None:
        self._database, self._number, self._moodle = database, number, moodle
        self._links, self._now = links, now
        self._again = timedelta(hours=24)

    def look(self) -> Site:
        """Ask what the token may, and for the catalogue. Raises Unreachable, MoodleRefused."""
        site = self._moodle.site()
        courses = self._moodle.catalogue(site)
        with self._database.writing() as session:
            source = session.get(LearningSource, self._number)
            if source is None:
                raise Unreachable("The source was removed meanwhile.")
            missing = list(site.missing)
            if source.report_number is not None and REPORT not in site.functions:
                missing.append(
                    f"No report: its service needs {REPORT}. Until then people are asked for one by one."
                )
            source.about = {"site": site.name, "release": site.release, "missing": missing}
            self._again = timedelta(hours=source.every_hours) * 0.9
            names = {f"{COURSE}:{one.id}": one.name for one in courses}
            about = {f"{COURSE}:{one.id}": _about(one) for one in courses}
            records.know(session, source, names, at=self._now, about=about)
        return site

    def run(self) -> int:
        """All of it; returns how many records are new. One course that refuses doesn't keep the others. Raises Unreachable,
        MoodleRefused where it concerns all, SpentForNow."""
        site = self.look()
        report, courses = self._wanted()
        new = 0
        if report is not None and REPORT in site.functions:
            new += self._report(report, set(courses))
        elif {ENROLLED, COMPLETION} <= site.functions:
            for course in courses:
                new += self._guarded(f"{COURSE} {course}", lambda course=course: self._course(site, course))
        if courses and {FEEDBACKS, ANALYSIS} <= site.functions:
            new += self._guarded("feedback", lambda: self._feedback(courses))
        return new

    def _guarded(self, what: str, work: Any) -> int:
        """Do it; what Moodle refuses here alone is written down."""
        try:
            return int(work())
        except MoodleRefused as refused:
            if refused.is_for_all:
                raise
            self._refuse(what, str(refused))
            return 0

    def _wanted(self) -> tuple[int | None, list[int]]:
        """The report to read, and the courses that belong to something: nobody else's completions are asked for."""
        with self._database.reading() as session:
            source = session.get_one(LearningSource, self._number)
            belongs = or_(LearningActivity.project_id.is_not(None), LearningActivity.resource_id.is_not(None))
            query = select(LearningActivity.external).where(
                LearningActivity.source_id == self._number,
                LearningActivity.external.startswith(f"{COURSE}:"),
                belongs,
            )
            courses = [
                int(one.partition(":")[2]) for one in session.scalars(query.order_by(LearningActivity.id))
            ]
            return source.report_number, courses

    # One call a person

    def _course(self, site: Site, course: int) -> int:
        users = list(self._moodle.people(course))
        named = [one for one in users if one.email and one.is_learner]
        nameless = sum(one.is_learner and not one.email for one in users)
        if nameless:
            self._refuse(
                f"{COURSE} {course}",
                f"{nameless} people came without an e-mail; the token's user may not see it.",
            )
        new = self._keep([self._thing(course, learning.ENROLLED, one.email, self._now) for one in named])
        fresh = self._fresh(course)
        waiting = [one for one in named if _key(course, one) not in fresh]
        for begin in range(0, len(waiting), AT_ONCE):
            new += self._some(site, course, waiting[begin : begin + AT_ONCE])
        return new

    def _some(self, site: Site, course: int, users: list[User]) -> int:
        """Ask for some people and keep what was said, also where the calls end on the way."""
        said: list[tuple[User, Done | None]] = []
        try:
            for user in users:
                said.append((user, self._done(site, course, user)))  # noqa: PERF401 - what was said before a refusal is kept
        finally:
            new = self._keep_done(course, said)
        return new

    def _done(self, site: Site, course: int, user: User) -> Done | None:
        """Whether somebody finished; None where Moodle doesn't track them there."""
        try:
            return self._moodle.completion(course, user.id)
        except MoodleRefused as refused:
            if refused.code == "nocriteriaset" and ACTIVITIES in site.functions:
                return self._moodle.activities(course, user.id)
            if refused.code == "usernotenroled":
                return None
            raise

    def _keep_done(self, course: int, said: list[tuple[User, Done | None]]) -> int:
        things = [
            self._thing(course, learning.COMPLETED, user.email, done.at or self._now)
            for user, done in said
            if done is not None and done.completed
        ]
        with self._database.writing() as session:
            source = session.get_one(LearningSource, self._number)
            hold(session, source)
            for user, done in said:
                stays = UNTRACKED_STAYS if done is None else FINISHED_STAYS if done.completed else self._again
                value = {"completed": done is not None and done.completed}
                session.merge(
                    LearningLookup(
                        source_id=source.id,
                        key=_key(course, user),
                        value=value,
                        fresh_until=self._now + stays,
                    )
                )
            return records.keep(session, source, things, links=self._links, at=self._now)

    def _fresh(self, course: int) -> set[str]:
        with self._database.reading() as session:
            query = select(LearningLookup.key).where(
                LearningLookup.source_id == self._number,
                LearningLookup.key.startswith(f"completion/{course}/"),
                LearningLookup.fresh_until > self._now,
            )
            return set(session.scalars(query))

    # In bulk

    def _report(self, number: int, wanted: set[int]) -> int:
        """Read a report page by page; of courses that belong to nothing no line is kept. Lines of unknown courses are counted and
        told, not guessed at."""
        new = page = seen = 0
        strangers: dict[str, int] = {}
        while True:
            try:
                rows, lines, total = self._moodle.report(number, page)
            except BadReport as bad:
                self._refuse(f"report {number}", str(bad))
                return new
            known, unknown = self._by_course(rows)
            for name in unknown:
                strangers[name] = strangers.get(name, 0) + 1
            new += self._keep(
                [thing for course, row in known if course in wanted for thing in self._things(course, row)]
            )
            page, seen = page + 1, seen + lines
            if not lines or seen >= total:
                break
        for name, count in list(strangers.items())[:20]:
            self._refuse(
                f"report {number}",
                f"{count} lines are of “{name[:80]}”, which names no one course of the catalogue.",
            )
        return new

    def _by_course(self, rows: Iterable[Row]) -> tuple[list[tuple[int, Row]], list[str]]:
        with self._database.reading() as session:
            query = select(LearningActivity).where(
                LearningActivity.source_id == self._number, LearningActivity.external.startswith(f"{COURSE}:")
            )
            named: dict[str, set[int]] = {}
            for one in session.scalars(query):
                for name in {one.name.casefold(), str((one.about or {}).get("short", "")).casefold()} - {""}:
                    named.setdefault(name, set()).add(int(one.external.partition(":")[2]))
        known, unknown = [], []
        for row in rows:
            courses = named.get(row.course.casefold(), set())
            if len(courses) == 1:
                known.append((next(iter(courses)), row))
            else:
                unknown.append(row.course)
        return known, unknown

    # How they found it

    def _feedback(self, courses: list[int]) -> int:
        found = self._moodle.feedbacks(courses)
        with self._database.writing() as session:
            source = session.get_one(LearningSource, self._number)
            known = records.know(
                session, source, {f"{FEEDBACK}:{one.id}": one.name for one in found}, at=self._now
            )
            owners = records.activities_of(session, source, [f"{COURSE}:{one.course}" for one in found])
            for one in found:
                owner, own = owners.get(f"{COURSE}:{one.course}"), known[f"{FEEDBACK}:{one.id}"]
                if owner is not None and own.about is None:
                    own.project_id, own.resource_id = owner.project_id, owner.resource_id
        for feedback in found:
            self._guarded(f"{FEEDBACK} {feedback.id}", lambda feedback=feedback: self._analyse(feedback))
        return 0

    def _analyse(self, feedback: Feedback) -> int:
        """Keep counts in steps: from five people on, and anew only when five more answered, so that nobody's answer is seen by
        watching the counts move."""
        said = self._moodle.analysis(feedback)
        with self._database.writing() as session:
            source = session.get_one(LearningSource, self._number)
            one = records.activities_of(session, source, [f"{FEEDBACK}:{feedback.id}"])[
                f"{FEEDBACK}:{feedback.id}"
            ]
            before = int((one.about or {}).get("people", 0))
            if said.people >= before + FEWEST:
                questions = [q for q in said.questions if _base(q) >= FEWEST]
                one.about = {"course": feedback.course, "people": said.people, "questions": questions}
            elif one.about is None:
                one.about = {"course": feedback.course, "people": 0, "questions": []}
        return 0

    def _thing(self, course: int, kind: str, email: str, at: datetime, score: float | None = None) -> Thing:
        """The same thing has the same id whichever way it was told; nobody's address can be read out of it."""
        who: Identity = learning.of_mailbox(email)
        external = f"{COURSE}:{course}/{kind}/{records.pseudonym_of(self._links, who)}"
        return Thing(external, kind, at, f"{COURSE}:{course}", who, score)

    def _things(self, course: int, row: Row) -> list[Thing]:
        at = row.completed_at or self._now
        found = [self._thing(course, learning.ENROLLED, row.email, at)]
        if row.completed:
            found.append(self._thing(course, learning.COMPLETED, row.email, at, row.score))
        return found

    def _keep(self, things: list[Thing]) -> int:
        if not things:
            return 0
        with self._database.writing() as session:
            source = session.get_one(LearningSource, self._number)
            hold(session, source)
            return records.keep(session, source, things, links=self._links, at=self._now)

    def _refuse(self, what: str, why: str) -> None:
        with self._database.writing() as session:
            source = session.get_one(LearningSource, self._number)
            refuse(session, source, what=what, where="", why=why, at=self._now)


def _about(course: Course) -> dict[str, Any]:
    """What is kept of a course beside its name; an end of 0 is none."""
    return {
        "short": course.short,
        "starts_at": course.starts_at.isoformat() if course.starts_at else None,
        "ends_at": course.ends_at.isoformat() if course.ends_at else None,
        "visible": course.visible,
    }


def _key(course: int, user: User) -> str:
    return f"completion/{course}/{user.id}"


def _base(question: dict[str, Any]) -> int:
    return (
        int(question["n"]) if "n" in question else sum(int(one["n"]) for one in question.get("answers", []))
    )
