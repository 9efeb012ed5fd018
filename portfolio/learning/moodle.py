"""Moodle's web services, as far as we ask them: how a function is called, and what its answers mean.

Relied on, as documented by Moodle (Site administration > Server > Web services > API documentation) and read in its sources:

- REST server `/webservice/rest/server.php` with wstoken, wsfunction and moodlewsrestformat=json. Errors come with HTTP 200 as
  `{"exception", "errorcode", "message"}`; lists are sent as `courseids[0]=…`, options as `options[0][name]=…`.
- core_webservice_get_site_info: sitename, release, functions [{name, version}] the token may call.
- core_course_get_courses (a list), core_course_get_courses_by_field ({courses, warnings}), core_course_search_courses
  ({total, courses}; criterianame, criteriavalue, page, perpage): id, fullname, shortname, startdate, enddate (0 for none),
  visible; the site itself is a course too, the one with format "site".
- core_enrol_get_enrolled_users(courseid, options userfields, limitfrom, limitnumber): id, email where the token may see it.
- core_completion_get_course_completion_status(courseid, userid): completionstatus {completed, completions [{timecompleted}]};
  refuses with nocriteriaset, usernotenroled, cannotviewreport.
- core_completion_get_activities_completion_status(courseid, userid): statuses [{state 0..3, timecompleted, tracking 0..2}].
- mod_feedback_get_feedbacks_by_courses(courseids): feedbacks [{id, course, name}]; mod_feedback_get_analysis(feedbackid):
  completedcount, itemsdata [{item {id, name, label, typ}, data [JSON of answertext, answercount, or plain values]}].
- core_reportbuilder_retrieve_report(reportid, page from 0, perpage): data {headers, rows [{columns}], totalrowcount}, as text
  that may hold links, in the language of the token's user.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portfolio.learning.calling import Caller, Unreachable
from portfolio.rules.learning import day_in, is_mailbox, plain

SITE_INFO = "core_webservice_get_site_info"
CATALOGUE = ("core_course_get_courses", "core_course_get_courses_by_field", "core_course_search_courses")
ENROLLED = "core_enrol_get_enrolled_users"
COMPLETION = "core_completion_get_course_completion_status"
ACTIVITIES = "core_completion_get_activities_completion_status"
FEEDBACKS, ANALYSIS = "mod_feedback_get_feedbacks_by_courses", "mod_feedback_get_analysis"
REPORT = "core_reportbuilder_retrieve_report"
PER_PAGE = 500
MOST_PAGES = 400

WORDS = {
    "invalidtoken": "Moodle doesn't know this token, or it has run out. Please give another one.",
    "accessexception": "The token's service doesn't have this function. Add it there.",
    "servicenotavailable": "The token's service is switched off in Moodle.",
    "webservicesnotenabled": "Web services are switched off in Moodle.",
    "enablewsdescription": "Web services are switched off in Moodle.",
    "sitemaintenance": "Moodle is in maintenance.",
    "upgraderunning": "Moodle is being upgraded.",
    "nopermissions": "The token's user lacks a permission for this in Moodle.",
    "requireloginerror": "The token's user may not enter this course in Moodle.",
    "cannotviewreport": "The token's user may not see completions of this course in Moodle.",
    "nocriteriaset": "The course has no completion criteria.",
    "usernotenroled": "Moodle doesn't track this person in the course.",
    "invalidrecord": "Moodle has no such thing any more.",
}
FOR_ALL = {
    "invalidtoken",
    "servicenotavailable",
    "webservicesnotenabled",
    "enablewsdescription",
    "sitemaintenance",
    "upgraderunning",
}
"""What makes every further call pointless."""


class MoodleRefused(Exception):
    """Moodle answered with an exception. `code` is its errorcode; the message says it in words."""

    def __init__(self, function: str, code: str, said: str = "") -> None:
        words = (
            WORDS.get(code) or plain(said, longest=200) or f"Moodle refused ({code or 'no reason given'})."
        )
        super().__init__(f"{function}: {words}")
        self.code = code

    @property
    def is_for_all(self) -> bool:
        return self.code in FOR_ALL


@dataclass(frozen=True)
class Site:
    """What a token may do where. `missing` says in words what it may not."""

    name: str
    release: str
    functions: frozenset[str]

    @property
    def missing(self) -> list[str]:
        found = []
        if not self.functions & set(CATALOGUE):
            found.append(f"No catalogue: its service needs one of {', '.join(CATALOGUE)}.")
        if not ({ENROLLED, COMPLETION} <= self.functions or REPORT in self.functions):
            found.append(f"No completions: its service needs {ENROLLED} and {COMPLETION}, or {REPORT}.")
        if not {FEEDBACKS, ANALYSIS} <= self.functions:
            found.append(f"No feedback: its service needs {FEEDBACKS} and {ANALYSIS}.")
        return found


@dataclass(frozen=True)
class Course:
    """A course of the catalogue."""

    id: int
    name: str
    short: str
    starts_at: datetime | None
    ends_at: datetime | None
    visible: bool


@dataclass(frozen=True)
class User:
    """Somebody in a course; without an e-mail where the token may not see it."""

    id: int
    email: str
    is_learner: bool


@dataclass(frozen=True)
class Done:
    """Whether somebody finished, and when where Moodle says."""

    completed: bool
    at: datetime | None


@dataclass(frozen=True)
class Feedback:
    """What people answered in a feedback activity, counted; free text isn't fetched into it."""

    id: int
    name: str
    course: int
    people: int = 0
    questions: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Row:
    """A line of a report on completions. `completed_at` where the report says when."""

    email: str
    course: str
    completed: bool
    completed_at: datetime | None
    score: float | None


class BadReport(ValueError):
    """A report lacks the columns that are needed; the message names them."""


class Moodle:
    """A Moodle with a token."""

    def __init__(self, caller: Caller, address: str, token: str) -> None:
        self._caller, self._token = caller, token
        self._server = (
            address.rstrip("/").removesuffix("/webservice/rest/server.php") + "/webservice/rest/server.php"
        )

    def call(self, function: str, **params: Any) -> Any:
        """A function's answer. Raises MoodleRefused, Unreachable, SpentForNow."""
        form = {"wstoken": self._token, "wsfunction": function, "moodlewsrestformat": "json", **flat(params)}
        answer = self._caller.post(self._server, form)
        if answer.status != 200:
            raise Unreachable(
                f"{function}: Moodle answered {answer.status} instead of 200. Is this its address?"
            )
        try:
            said = json.loads(answer.body)
        except ValueError:
            raise Unreachable(
                f"{function}: what answered is no Moodle web service. Is this its address?"
            ) from None
        if isinstance(said, dict) and ("exception" in said or "errorcode" in said):
            raise MoodleRefused(function, str(said.get("errorcode", "")), str(said.get("message", "")))
        return said

    def site(self) -> Site:
        said = self.call(SITE_INFO)
        if not isinstance(said, dict) or "sitename" not in said:
            raise Unreachable("What answered is no Moodle web service. Is this its address?")
        names = frozenset(
            str(one["name"]) for one in said.get("functions", []) if isinstance(one, dict) and "name" in one
        )
        return Site(plain(said["sitename"], longest=120), plain(said.get("release", ""), longest=40), names)

    def catalogue(self, site: Site) -> list[Course]:
        """Every course the token sees, by the first function it may call."""
        if CATALOGUE[0] in site.functions:
            return _courses(self.call(CATALOGUE[0]))
        if CATALOGUE[1] in site.functions:
            return _courses(self.call(CATALOGUE[1]).get("courses", []))
        found: dict[int, Course] = {}
        for page in range(MOST_PAGES if CATALOGUE[2] in site.functions else 0):
            said = self.call(
                CATALOGUE[2], criterianame="search", criteriavalue="", page=page, perpage=PER_PAGE
            )
            more = _courses(said.get("courses", []))
            found.update({one.id: one for one in more})
            if not more or (page + 1) * PER_PAGE >= _whole(said.get("total")):
                break
        return list(found.values())

    def people(self, course: int) -> Iterator[User]:
        """Who is enrolled, page by page."""
        for page in range(MOST_PAGES):
            options = {"userfields": "id,email,roles", "limitfrom": page * PER_PAGE, "limitnumber": PER_PAGE}
            said = self.call(
                ENROLLED, courseid=course, options=[{"name": k, "value": v} for k, v in options.items()]
            )
            users = [_user(one) for one in said if isinstance(one, dict) and _whole(one.get("id"))]
            yield from users
            if len(users) < PER_PAGE:
                return

    def completion(self, course: int, user: int) -> Done:
        """Whether somebody finished a course by its criteria. Raises MoodleRefused (nocriteriaset, usernotenroled)."""
        said = self.call(COMPLETION, courseid=course, userid=user).get("completionstatus") or {}
        times = [_whole(one.get("timecompleted")) for one in said.get("completions") or []]
        return Done(bool(said.get("completed")), _time(max(times, default=0)))

    def activities(self, course: int, user: int) -> Done:
        """The same where a course has no criteria: whoever finished all its tracked activities."""
        said = self.call(ACTIVITIES, courseid=course, userid=user)
        tracked = [one for one in said.get("statuses") or [] if _whole(one.get("tracking"))]
        done = [one for one in tracked if _whole(one.get("state")) in {1, 2}]
        last = _time(max((_whole(one.get("timecompleted")) for one in done), default=0))
        return Done(bool(tracked) and len(done) == len(tracked), last)

    def feedbacks(self, courses: list[int]) -> list[Feedback]:
        said = self.call(FEEDBACKS, courseids=courses)
        return [
            Feedback(_whole(one.get("id")), plain(one.get("name", "")), _whole(one.get("course")))
            for one in said.get("feedbacks") or []
            if _whole(one.get("id"))
        ]

    def analysis(self, feedback: Feedback) -> Feedback:
        """How often each answer was given; questions of free text are left out."""
        said = self.call(ANALYSIS, feedbackid=feedback.id)
        questions = [found for one in said.get("itemsdata") or [] if (found := _question(one))]
        people = _whole(said.get("completedcount"))
        return Feedback(feedback.id, feedback.name, feedback.course, people, tuple(questions))

    def report(self, number: int, page: int) -> tuple[list[Row], int, int]:
        """A page (from 0) of a report: lines we can read, how many it had, and how many the report has. Raises BadReport."""
        said = self.call(REPORT, reportid=number, page=page, perpage=PER_PAGE).get("data") or {}
        columns = _columns([plain(one) for one in said.get("headers") or []])
        lines = [one.get("columns") or [] for one in said.get("rows") or []]
        rows = [row for line in lines if (row := _row(line, columns))]
        return rows, len(lines), _whole(said.get("totalrowcount"))


def flat(params: Mapping[str, Any], inside: str = "") -> dict[str, str]:
    """Parameters as Moodle's REST server takes them: lists and objects by brackets."""
    found: dict[str, str] = {}
    for key, value in params.items():
        name = f"{inside}[{key}]" if inside else key
        if isinstance(value, Mapping):
            found.update(flat(value, name))
        elif isinstance(value, list):
            found.update(flat({str(place): one for place, one in enumerate(value)}, name))
        else:
            found[name] = str(value)
    return found


def _courses(said: Any) -> list[Course]:
    """The courses of an answer, without the site itself."""
    return [
        Course(
            id=_whole(one.get("id")),
            name=plain(one.get("fullname") or one.get("displayname") or one.get("shortname") or ""),
            short=plain(one.get("shortname", ""), longest=100),
            starts_at=_time(_whole(one.get("startdate"))),
            ends_at=_time(_whole(one.get("enddate"))),
            visible=bool(one.get("visible", 1)),
        )
        for one in (said if isinstance(said, list) else [])
        if isinstance(one, dict) and _whole(one.get("id")) and one.get("format") != "site"
    ]


def _user(said: dict[str, Any]) -> User:
    email = str(said.get("email") or "").strip().lower()
    roles = {str(one.get("shortname", "")) for one in said.get("roles") or [] if isinstance(one, dict)}
    return User(_whole(said["id"]), email if is_mailbox(email) else "", not roles or "student" in roles)


def _question(said: dict[str, Any]) -> dict[str, Any] | None:
    item = said.get("item") or {}
    kind = str(item.get("typ", ""))
    if kind.startswith("multichoice"):
        answers = [_answer(one) for one in said.get("data") or []]
        return {
            "label": plain(item.get("name", "")),
            "kind": "choice",
            "answers": [one for one in answers if one],
        }
    if kind == "numeric":
        numbers = [found for one in said.get("data") or [] if (found := _decimal(one)) is not None]
        mean = sum(numbers) / len(numbers) if numbers else None
        return {"label": plain(item.get("name", "")), "kind": "number", "n": len(numbers), "mean": mean}
    return None


def _answer(said: Any) -> dict[str, Any] | None:
    try:
        found = json.loads(said) if isinstance(said, str) else said
    except ValueError:
        return None
    if not isinstance(found, dict) or "answertext" not in found:
        return None
    return {"words": plain(found["answertext"]), "n": _whole(found.get("answercount"))}


def _columns(headers: list[str]) -> dict[str, int]:
    """Where a report's columns are, by their English names. Raises BadReport."""
    wanted = {
        "email": ("email", "e-mail"),
        "completed": ("completed", "course completed", "completion status"),
        "completed_at": ("time completed", "date completed", "completed on", "completion date"),
        "score": ("grade", "final grade"),
        "course": ("course", "short name", "full name"),
    }
    found: dict[str, int] = {}
    for place, header in enumerate(headers):
        name = header.casefold()
        for key, words in wanted.items():
            begins = (
                name in words if key in {"completed", "completed_at"} else any(word in name for word in words)
            )
            if (
                key not in found
                and begins
                and not (key == "course" and ("user" in name or "completed" in name))
            ):
                found[key] = place
                break
    lacking = [
        words
        for key, words in (("email", "the e-mail address"), ("course", "the course’s name"))
        if key not in found
    ]
    if "completed" not in found and "completed_at" not in found:
        lacking.append("whether or when it was completed")
    if lacking:
        raise BadReport(
            f"The report has no column with {' and '.join(lacking)}. It has: {', '.join(headers)[:200]}."
        )
    return found


def _row(line: list[Any], columns: dict[str, int]) -> Row | None:
    cells = {key: plain(line[place]) if place < len(line) else "" for key, place in columns.items()}
    email = cells["email"].lower()
    if not is_mailbox(email) or not cells["course"]:
        return None
    done_at = day_in(cells.get("completed_at", ""))
    said = cells.get("completed", "").casefold()
    done = (
        done_at is not None
        or said in {"yes", "1", "true", "complete", "completed"}
        or said.startswith("complete")
    )
    percent = _decimal(cells.get("score", "").rstrip(" %")) if "%" in cells.get("score", "") else None
    return Row(
        email, cells["course"], done, done_at, None if percent is None else min(1.0, max(0.0, percent / 100))
    )


def _whole(said: Any) -> int:
    try:
        return max(0, int(said or 0))
    except (TypeError, ValueError, OverflowError):
        return 0


def _decimal(said: Any) -> float | None:
    try:
        return float(str(said).replace(",", "."))
    except ValueError:
        return None


def _time(seconds: int) -> datetime | None:
    """A time as Moodle tells it; 0 is none."""
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 32_503_680_000 else None
