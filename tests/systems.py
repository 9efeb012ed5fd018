"""Real HTTP servers on loopback that answer as learning systems do: a Moodle with its web services, and a record store."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, dict[str, str], bytes]
TOKEN = "moodle-token-0123456789"
USER, PASSWORD = "outsize", "store-password-0123"
FUNCTIONS = (
    "core_webservice_get_site_info", "core_course_get_courses", "core_enrol_get_enrolled_users",
    "core_completion_get_course_completion_status", "core_completion_get_activities_completion_status",
    "mod_feedback_get_feedbacks_by_courses", "mod_feedback_get_analysis", "core_reportbuilder_retrieve_report",
)  # fmt: skip


@contextmanager
def serving(answer: Callable[[str, dict[str, str], dict[str, str]], Answer]) -> Iterator[str]:
    """A server that answers by `answer(path, query or form, headers)`; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._say(parts.path, dict(parse_qsl(parts.query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            self._say(self.path, dict(parse_qsl(body.decode())))

        def _say(self, path: str, asked: dict[str, str]) -> None:
            status, headers, said = answer(path, asked, {k.lower(): v for k, v in self.headers.items()})
            self.send_response(status)
            for name, value in {"content-length": str(len(said)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@dataclass
class AMoodle:
    """Two courses: one with criteria and one without; `done` are (course, user) that finished. `calls` is what was asked."""

    functions: tuple[str, ...] = FUNCTIONS
    users: list[dict[str, Any]] = field(default_factory=list)
    done: dict[tuple[int, int], int] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)
    answered: int = 0
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def answer(self, path: str, asked: dict[str, str], _headers: dict[str, str]) -> Answer:
        if path != "/webservice/rest/server.php":
            return 404, {}, b"not here"
        name = asked.pop("wsfunction", "")
        self.calls.append((name, asked))
        if asked.pop("wstoken", "") != TOKEN:
            return self._error("invalidtoken", "Invalid token - token not found")
        if name not in self.functions:
            return self._error("accessexception", "Access control exception")
        if name in self.refuses:
            return self._error(self.refuses[name], "Refused &gt; as told")
        return 200, {"content-type": "application/json"}, json.dumps(self._say(name, asked)).encode()

    def count(self, name: str) -> int:
        return sum(one == name for one, _ in self.calls)

    def _say(self, name: str, asked: dict[str, str]) -> Any:  # noqa: PLR0911 - an answer each
        course, user = int(asked.get("courseid", 0)), int(asked.get("userid", 0))
        match name.split("_", 1)[1]:
            case "webservice_get_site_info":
                functions = [{"name": one, "version": "2025041400"} for one in self.functions]
                return {
                    "sitename": "Fernweh &amp; friends",
                    "release": "5.0.1 (Build: 20250609)",
                    "functions": functions,
                }
            case "course_get_courses":
                return [
                    {
                        "id": 1,
                        "fullname": "Fernweh",
                        "shortname": "site",
                        "format": "site",
                        "startdate": 0,
                        "enddate": 0,
                    },
                    {
                        "id": 2,
                        "fullname": "Faster quotes &gt; basics",
                        "shortname": "FQ",
                        "startdate": 1767225600,
                        "enddate": 0,
                    },
                    {
                        "id": 3,
                        "fullname": "Bike fitting",
                        "shortname": "BF",
                        "startdate": 0,
                        "enddate": 0,
                        "visible": 0,
                    },
                ]
            case "enrol_get_enrolled_users":
                by_name = {asked[f"options[{n}][name]"]: asked[f"options[{n}][value]"] for n in range(3)}
                begin = int(by_name["limitfrom"])
                return self.users[begin : begin + int(by_name["limitnumber"])]
            case "completion_get_course_completion_status":
                if course == 3:
                    return {
                        "exception": "moodle_exception",
                        "errorcode": "nocriteriaset",
                        "message": "No criteria",
                    }
                at = self.done.get((course, user))
                completions = [{"type": 4, "complete": bool(at), "timecompleted": at}]
                return {
                    "completionstatus": {"completed": bool(at), "aggregation": 1, "completions": completions},
                    "warnings": [],
                }
            case "completion_get_activities_completion_status":
                at = self.done.get((course, user), 0)
                statuses = [
                    {"cmid": 5, "state": 1 if at else 0, "timecompleted": at, "tracking": 2},
                    {"cmid": 6, "state": 0, "timecompleted": 0, "tracking": 0},
                ]
                return {"statuses": statuses, "warnings": []}
            case "feedback_get_feedbacks_by_courses":
                return {"feedbacks": [{"id": 9, "course": 2, "name": "How was it?"}], "warnings": []}
            case "feedback_get_analysis":
                answers = [
                    {"answertext": "Very", "answercount": self.answered - 2},
                    {"answertext": "Hardly", "answercount": 2},
                ]
                items = [
                    {
                        "item": {"id": 1, "name": "Will you use it?", "typ": "multichoice"},
                        "data": [json.dumps(one) for one in answers],
                    },
                    {
                        "item": {"id": 2, "name": "Anything else?", "typ": "textarea"},
                        "data": ["Otto is dull"],
                    },
                    {"item": {"id": 3, "name": "Hours", "typ": "numeric"}, "data": ["2", "4"]},
                ]
                return {"completedcount": self.answered, "itemscount": 3, "itemsdata": items, "warnings": []}
            case "reportbuilder_retrieve_report":
                begin = int(asked["page"]) * 2
                rows = [{"columns": one} for one in self.rows[begin : begin + 2]]
                headers = [
                    "Course full name with link",
                    "Email address",
                    "Completed",
                    "Time completed",
                    "Grade",
                ]
                return {
                    "data": {"headers": headers, "rows": rows, "totalrowcount": len(self.rows)},
                    "warnings": [],
                }
        raise AssertionError(name)

    def _error(self, code: str, message: str) -> Answer:
        said = {"exception": "moodle_exception", "errorcode": code, "message": message}
        return 200, {"content-type": "application/json"}, json.dumps(said).encode()


@dataclass
class AStore:
    """A record store: `statements` have their `stored`; pages of `per_page`, `more` relative unless told otherwise."""

    statements: list[dict[str, Any]] = field(default_factory=list)
    versions: tuple[str, ...] = ("1.0.3", "2.0.0")
    per_page: int = 2
    consistent: str = ""
    more: str = "/xapi/more/{since}/{begin}"
    broken_after: int | None = None
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str, asked: dict[str, str], headers: dict[str, str]) -> Answer:
        self.asked.append(path + (f"?since={asked['since']}" if "since" in asked else ""))
        if path == "/xapi/about":
            return self._json({"version": list(self.versions)})
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if headers.get("authorization") != f"Basic {pair}":
            return 401, {}, b"who are you"
        if headers.get("x-experience-api-version") not in self.versions:
            return 400, {}, b"which version"
        if path == "/xapi/statements":
            return self._page(asked.get("since", ""), 0)
        _, _, _, since, begin = path.split("/")
        if self.broken_after is not None and int(begin) >= self.broken_after:
            return 503, {}, b"later"
        return self._page(since if since != "-" else "", int(begin))

    def _page(self, since: str, begin: int) -> Answer:
        found = [one for one in self.statements if one["stored"] > since]
        end = begin + self.per_page
        more = self.more.format(since=since or "-", begin=end) if end < len(found) else ""
        return self._json({"statements": found[begin:end], "more": more})

    def _json(self, said: Any) -> Answer:
        headers = {"content-type": "application/json"}
        if self.consistent:
            headers["X-Experience-API-Consistent-Through"] = self.consistent
        return 200, headers, json.dumps(said).encode()
