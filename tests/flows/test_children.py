"""The supervisor's care for its children's processes and logs."""

import sys
import time
from pathlib import Path

import pytest

from cli import children
from cli.children import Child, keep_small, rest_after, stop, turn_over
from tests.flows.processes import until


def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> Child:
    monkeypatch.setattr(children, "command", lambda arguments: [sys.executable, "-c", program])
    return Child(["web"], {}, (), tmp_path / "web.log")


def test_it_starts_again_at_once_then_later_and_later() -> None:
    assert [rest_after(n) for n in range(8)] == [0, 0, 1, 2, 4, 8, 16, 30]


def test_a_child_that_ends_is_started_again_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web = child(tmp_path, monkeypatch, "raise SystemExit('no paper')")
    web.start()
    said = until(web.look_after, "a word", 10)
    assert said == f"web ended with code 1 and starts again at once. Its log: {tmp_path / 'web.log'}"
    assert web.last_words() == "no paper"
    assert until(web.look_after, "a word", 10).startswith("web ended with code 1 and starts again in 1 s.")
    web.end()


def test_a_child_that_wont_stop_is_ended_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubborn = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork();"
        "print('deaf', flush=True); time.sleep(60)"
    )
    web = child(tmp_path, monkeypatch, stubborn)
    web.start()
    until(lambda: web.log.read_text().count("deaf") == 2, "parent and child", 10)
    began = time.monotonic()
    stop([web], 0.3)
    assert 0.3 <= time.monotonic() - began < 2
    assert web.is_gone


def test_the_last_logs_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for number in range(8):
        log.write_text(str(number))
        turn_over(log)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        f"web.log.{place}": str(8 - place) for place in range(1, 6)
    }


def test_a_log_that_grew_large_is_cut_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LARGEST_LOG_BYTES", 10)
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a long first part\n")
        keep_small(log)
        writer.write(b"then\n")
    keep_small(log)
    assert (log.read_text(), (tmp_path / "web.log.1").read_text()) == ("then\n", "a long first part\n")
