"""Reading a pasted list of people: a line a person, in whatever order a spreadsheet or a mail program gives it."""

import re
from dataclasses import dataclass

EMAIL = re.compile(r"[^@\s<>()\[\],;:\\\"']+@[^@\s<>()\[\],;:\\\"']+\.[^@\s.<>()\[\],;:\\\"']+")
LONGEST_EMAIL, LONGEST_NAME = 254, 120


@dataclass(frozen=True)
class Line:
    """One person: `email` is empty where only a name was given; the second address on a line is their lead's."""

    text: str
    name: str = ""
    email: str = ""
    unit: str = ""
    lead_email: str = ""
    lead_name: str = ""


def people_in(text: str) -> tuple[Line, ...]:
    """The people of a list, each address once: "Kim Park <kim@...>, Sales, Lea Lund <lea@...>", or a row of a sheet.

    What stands before the first address is the name, what stands after it the unit, and what stands right before the second
    address the lead's name.
    """
    found: dict[str, Line] = {}
    for raw in text.splitlines():
        line = _line(raw.strip())
        if line is not None:
            found.setdefault(line.email or line.name.lower(), line)
    return tuple(found.values())


def _line(raw: str) -> Line | None:
    parts = [part.strip(" \"'") for part in re.split(r"[,;\t]", raw)]
    parts = [part for part in parts if part]
    if not parts:
        return None
    before: list[str] = []
    emails: list[tuple[str, str]] = []
    between: list[str] = []
    for part in parts:
        hit = EMAIL.search(part)
        if hit is None:
            (between if emails else before).append(part)
        else:
            own = re.sub(r"[<>()]|mailto:", " ", part.replace(hit[0], " ")).strip()
            emails.append((hit[0].lower()[:LONGEST_EMAIL], own))
    if not emails:
        return Line(raw, name=" ".join(before)[:LONGEST_NAME])
    email, own = emails[0]
    lead_email, lead = emails[1] if len(emails) > 1 else ("", "")
    if lead_email and not lead and len(between) > 1:
        lead = between.pop()
    name = own or " ".join(before)
    unit = between[0] if between else ""
    return Line(raw, name[:LONGEST_NAME], email, unit[:LONGEST_NAME], lead_email, lead[:LONGEST_NAME])
