"""Lets automations act: soon after something happened that sets one off, and each morning on what stands too long."""

from prefect import flow, task

from flows.connection import database, now, settings, today
from flows.link import Link
from portfolio import automations
from portfolio.links import Links


@flow(name="run_automations")
def run_automations(*, look_around: bool = False) -> int:
    """Do what there is reason to do. Returns how many things were acted on; a second run does none of them again."""
    return act(look_around=look_around)


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def act(*, look_around: bool = False) -> int:
    at = now()
    day = today(at)
    with database().writing() as session:
        return automations.act(session, links=Links.of(settings()), at=at, today=day, look_around=look_around)


class Automations:
    """Follows the history; a run starts only when something happened that could set an automation off. Needs no Prefect."""

    def __init__(self) -> None:
        self._seen = 0

    def wait(self) -> bool:
        with database().reading() as session:
            found, self._seen = automations.wait(session, seen=self._seen)
            return found

    def act(self, link: Link) -> bool:
        if link.is_up and link.answers():
            run_automations()
        else:
            act.fn()
        return True
