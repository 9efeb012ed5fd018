"""A lane looks before it works, rests after failures, and never spins."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from flows.lanes import Lane, rest_after
from tests.flows.processes import until


@contextmanager
def running(waits: Callable[[], bool], work: Callable[[], bool]) -> Iterator[Lane]:
    lane = Lane("test", waits=waits, work=work, inside=nullcontext)
    lane.start()
    yield lane
    lane.stop()
    lane.join(2)
    assert not lane.is_alive()


def test_a_ring_without_work_costs_a_look() -> None:
    looks: list[float] = []

    def waits() -> bool:
        looks.append(time.monotonic())
        return False

    def work() -> bool:
        raise AssertionError("There was nothing to do.")

    with running(waits, work) as lane:
        lane.ring()
        until(lambda: looks, "a look", 2)
        time.sleep(0.2)
    assert len(looks) == 1


def test_what_comes_in_during_work_is_done_after_it() -> None:
    waiting, done = [1], []
    begun, go_on = threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        go_on.wait(2)
        done.append(waiting.pop())
        return True

    with running(lambda: bool(waiting), work) as lane:
        lane.ring()
        begun.wait(2)
        waiting.insert(0, 2)
        lane.ring()
        go_on.set()
        until(lambda: done == [1, 2], "both done", 2)


def test_a_lane_that_looks_for_itself_needs_no_ring() -> None:
    looks: list[float] = []

    def waits() -> bool:
        looks.append(time.monotonic())
        return False

    lane = Lane("test", waits=waits, work=lambda: True, inside=nullcontext, every_seconds=0.05)
    lane.start()
    until(lambda: len(looks) > 3, "four looks", 2)
    lane.stop()
    lane.join(2)
    assert not lane.is_alive()


def test_work_that_fails_is_tried_again_after_longer_and_longer_rests() -> None:
    tries: list[float] = []

    def work() -> bool:
        tries.append(time.monotonic())
        raise ValueError("poisonous")

    with running(lambda: True, work) as lane:
        lane.ring()
        until(lambda: len(tries) == 3, "three tries", 5)
    first, second = tries[1] - tries[0], tries[2] - tries[1]
    assert 0.4 < first < 0.9 < second < 1.6


def test_work_that_changes_nothing_is_as_tiring_as_a_failure() -> None:
    tries: list[float] = []

    def work() -> bool:
        tries.append(time.monotonic())
        return False

    with running(lambda: True, work) as lane:
        for _ in range(20):
            lane.ring()
            time.sleep(0.02)
    assert len(tries) == 1


def test_rests_double_up_to_a_minute() -> None:
    assert [rest_after(n) for n in (1, 2, 3, 4, 8, 100)] == [0.5, 1, 2, 4, 60, 60]
