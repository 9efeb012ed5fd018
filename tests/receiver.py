"""A real HTTP server on loopback that takes news: it keeps what came and answers as told."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers` are given in turn, the last one for ever: a status, or (status, headers, body)."""

    port: int = 0
    answers: list[int | tuple[int, dict[str, str], bytes]] = field(default_factory=lambda: [204])
    got: list[Got] = field(default_factory=list)
    drip_seconds: float = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/news?key=in-the-address"

    def next_answer(self) -> tuple[int, dict[str, str], bytes]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return (answer, {}, b"") if isinstance(answer, int) else answer


@contextmanager
def receiving(secured: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    there = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            there.got.append(Got(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if there.drip_seconds:
                time.sleep(there.drip_seconds)
            status, headers, said = there.next_answer()
            self.send_response(status)
            for name, value in {"content-length": str(len(said)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:  # a sender that hangs up is no news
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        there.port = server.server_address[1]
        if secured:
            server.socket = secured.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield there
        server.shutdown()
        thread.join()
