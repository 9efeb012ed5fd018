"""Takes a file in by the thousand, each thousand a transaction of its own: nobody waits long, and a crash costs one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy.orm import Session

from portfolio.importing.account import Account
from portfolio.importing.candidates import Reading
from portfolio.importing.judging import Known, Step, steps
from portfolio.importing.writing import Writing
from portfolio.models import Person

AT_ONCE = 1000
SOURCES = {"requests": "import", "needs_survey": "needs_survey"}


@dataclass
class Taking:
    """One file on its way in: judged without a transaction, written in many. Begun anew it goes on where it stopped."""

    reading: Reading
    account: Account
    writing: Writing
    _rest: Iterator[Step | None]

    @classmethod
    def of(
        cls, reading: Reading, account: Account, known: Known, *, by: Person | None, at: datetime
    ) -> "Taking":
        writing = Writing(reading, account, SOURCES[reading.mapping.kind], by.id if by else None, at)
        return cls(reading, account, writing, steps(reading, known, account))

    @property
    def rows_done(self) -> int:
        return self.account.rows

    def judge_some(self) -> list[Step] | None:
        """What about a thousand rows ask to be written; None when all rows are through. Touches no database."""
        some = list(islice(self._rest, AT_ONCE))
        return [step for step in some if step is not None] if some else None

    def write(self, session: Session, some: list[Step]) -> None:
        """Write what was judged. What another process wrote meanwhile is left as it is."""
        self.writing.write(session, some)

    def take_all(self, session: Session) -> None:
        """All that is left, in the caller's one transaction."""
        while (some := self.judge_some()) is not None:
            self.write(session, some)
