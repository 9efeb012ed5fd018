"""The worker's line to Prefect ends what a crash left open, and never what it has in hand itself."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas import FlowRun

from flows import line, scheduled
from flows.line import Line
from flows.link import Link


def test_what_was_claimed_before_a_sweep_and_begins_after_it_is_not_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Prefect knows it as waiting since before the sweep until it hears that it runs."""
    run = FlowRun.model_construct(id=uuid4(), flow_id=uuid4())
    spared: list[set[UUID]] = []

    def end_left_open(_before: datetime, *, besides: Collection[UUID] = ()) -> int:
        spared.append(set(besides))
        return 0

    def carry_out(_run: FlowRun, _deployments: object) -> None:
        ours._end_left_open()

    monkeypatch.setattr(line, "SWEEP_SECONDS", 0.0)
    monkeypatch.setattr(scheduled, "claim_due", lambda _deployments: [run])
    monkeypatch.setattr(scheduled, "end_left_open", end_left_open)
    monkeypatch.setattr(scheduled, "carry_out", carry_out)
    ours = Line(Link("http://127.0.0.1:1/api"), only=True, on_found=lambda: None, lanes=[])
    ours._claim_due()
    ours._end_left_open()
    ours._carry_out()
    ours._end_left_open()
    assert spared == [{run.id}, {run.id}, set()]
