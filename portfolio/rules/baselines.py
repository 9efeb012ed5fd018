"""Whether a project will be able to say what changed: was the measure read before anything did?"""

from datetime import date

MISSING = (
    "No baseline yet. Without a value from before, nobody can say later what changed: "
    "choose a day to read the measure before people meet the solution."
)
TOO_LATE = (
    "An older figure from a report or an export will do; so will a group like this one that hasn't met it, read before and "
    "after as well."
)
"""What still helps where nobody read the measure in time."""


def warning(
    baseline_on: date | None,
    *,
    read_on: date | None,
    started_on: date,
    reached_on: date | None,
    read_after: int = 0,
    last_read_on: date | None = None,
    today: date | None = None,
) -> str:
    """What to tell about a project's baseline; empty where all is well.

    `read_on` and `last_read_on` are the first and the last reading from before, if any, `read_after` counts those from after;
    `started_on` the day work began; `reached_on` the day people first met the solution (pilot, launch or first session), where
    it is known.
    """
    if read_on is None and read_after:
        return _only_after(read_after)
    if read_on is None and reached_on is not None and today is not None and today >= reached_on:
        return _never_read(baseline_on, reached_on)
    on = read_on or baseline_on
    if on is None:
        return MISSING
    return _late(on, last_read_on, started_on, reached_on)


def warning_of_measure(
    *,
    before: int,
    after: int,
    first_on: date | None,
    last_on: date | None,
    reached_on: date | None,
    planned_on: date | None,
    today: date,
) -> str:
    """What to tell about one measure's values from before; empty where all is well.

    `before` and `after` count its readings, `first_on` and `last_on` are the days of the first and last from before, `planned_on`
    the day the project means to read it.
    """
    if not before and after:
        return _only_after(after)
    if not before and reached_on is not None and today >= reached_on:
        return _never_read(planned_on, reached_on)
    if not before:
        waits = planned_on is not None and planned_on >= today
        return (
            f"No value from before yet; it is to be read on {_words(planned_on)}."
            if waits and planned_on
            else MISSING
        )
    if reached_on is None or last_on is None or first_on is None or last_on < reached_on:
        return ""
    if first_on >= reached_on:
        return f"Every value called “before” (the first on {_words(first_on)}) was read when people had met the solution already ({_words(reached_on)}). {TOO_LATE}"
    return _some_late(last_on, reached_on)


def _late(on: date, last_read_on: date | None, started_on: date, reached_on: date | None) -> str:
    """What to tell where a value counts as from before and perhaps isn't."""
    if reached_on is not None and on >= reached_on:
        return f"The baseline ({_words(on)}) comes when people have met the solution already ({_words(reached_on)}): it isn't a value from before."
    if reached_on is not None and last_read_on is not None and last_read_on >= reached_on:
        return _some_late(last_read_on, reached_on)
    if on > started_on and reached_on is None:
        return f"The baseline ({_words(on)}) lies after the start ({_words(started_on)}). It counts as “before” only while nobody has met the solution: keep the pilot behind it."
    return ""


def _only_after(count: int) -> str:
    readings = "The one reading there is is" if count == 1 else f"All {count} readings are"
    return f"{readings} from after; there is none from before, so nobody can say what changed. {TOO_LATE}"


def _never_read(planned_on: date | None, reached_on: date) -> str:
    meant = f"It was to be read on {_words(planned_on)}, but no" if planned_on else "No"
    return f"{meant} value from before was written down, and people have met the solution already ({_words(reached_on)}). {TOO_LATE}"


def _some_late(last_on: date, reached_on: date) -> str:
    return f"Some values called “before” (the last on {_words(last_on)}) were read when people had met the solution already ({_words(reached_on)}); they make the change look smaller."


def _words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
