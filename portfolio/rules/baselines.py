"""Whether a project will be able to say what changed: was the measure read before anything did?"""

from datetime import date

MISSING = (
    "No baseline yet. Without a value from before, nobody can say later what changed: "
    "choose a day to read the measure before people meet the solution."
)


def warning(
    baseline_on: date | None, *, read_on: date | None, started_on: date, reached_on: date | None
) -> str:
    """What to tell about a baseline; empty where all is well.

    `read_on` is the first reading from before, if any; `started_on` the day work began; `reached_on` the day people first met
    the solution (pilot, launch or first session), where it is known.
    """
    on = read_on or baseline_on
    if on is None:
        return MISSING
    if reached_on is not None and on >= reached_on:
        return f"The baseline ({_words(on)}) comes when people have met the solution already ({_words(reached_on)}): it isn't a value from before."
    if on > started_on and reached_on is None:
        return f"The baseline ({_words(on)}) lies after the start ({_words(started_on)}). It counts as “before” only while nobody has met the solution: keep the pilot behind it."
    return ""


def _words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
