"""Where a column can go, and the header words that say so in the exports people have."""

import re
from dataclasses import dataclass

from portfolio.questions import label


@dataclass(frozen=True)
class Field:
    """A place in a learning request. `words`: headers that mean it, most telling first; a trailing * is "begins with"."""

    key: str
    label: str
    words: tuple[str, ...] = ()
    group: str = "The request"


FIELDS = (
    Field("title", "Title", (
        "title", "summary", "subject", "topic", "request title", "training topic", "training requested", "course",
        "resumen", "betreff", "titel", "thema", "zusammenfassung", "résumé", "name of training", "what training do you need*", "course title",
    )),
    Field("problem", "Problem or opportunity", (
        "problem", "description", "problem or opportunity", "details", "background", "reason", "business need",
        "what is the problem*", "describe*", "why do you need*", "beschreibung", "descripción", "justification",
        "what problem*", "issue description", "comments",
    )),
    Field("behaviour", "What people should do", (
        "behaviour", "behavior", "desired behaviour", "desired outcome", "outcome", "what should people do*",
        "learning objectives", "objectives", "expected outcome",
    )),
    Field("audience.who", "Who it is for", (
        "audience", "target audience", "who", "target group", "zielgruppe", "learners", "participants", "for whom",
        "who is it for*", "who needs*",
    )),
    Field("audience.count", "How many people", (
        "how many", "number of people", "headcount", "number of participants", "number of learners", "reach",
        "how many people*", "audience size", "anzahl", "no. of participants", "# of participants", "people",
    )),
    Field("measure.name", "Measure", ("measure", "measure | name", "metric", "kpi", "business measure", "which number should move*", "success measure")),
    Field("measure.today", "Measure today", ("today", "current value", "baseline", "value today", "measure today")),
    Field("measure.wanted", "Measure wanted", ("target", "wanted", "target value", "value wanted", "goal value", "measure wanted")),
    Field("measure.by", "Measure wanted by", ("by when", "target date", "measure by")),
    Field("if_nothing", "If nothing is done", ("if nothing", "what happens if*", "impact of not*", "risk of not*", "consequence*")),
    Field("deadline.on", "Deadline", (
        "deadline", "due date", "needed by", "due", "required by", "date needed", "when do you need*", "faellig", "frist",
        "fecha de vencimiento", "fälligkeitsdatum", "date d'échéance",
    )),
    Field("deadline.why", "Why that date", ("why that date", "deadline reason", "reason for deadline", "why this date")),
    Field("answers.sponsor", label("sponsor"), ("sponsor", "executive sponsor", "business owner")),
    Field("answers.mandatory", label("mandatory"), ("mandatory", "compliance", "regulation", "is it mandatory*")),
    Field("answers.tried", label("tried"), ("tried", "tried so far", "what have you tried*")),
    Field("answers.existing", label("existing"), ("existing material", "existing content", "existing training")),
    Field("answers.value_per_year", label("value_per_year"), ("value per year", "benefit per year", "annual benefit", "expected benefit")),
    Field("answers.budget", label("budget"), ("budget",)),
    Field("answers.language", label("language"), ("language", "languages", "sprache")),
    Field("answers.access_needs", label("access_needs"), ("access needs", "accessibility", "accommodations")),
    Field("requester.name", "Name", (
        "requester", "requester name", "requested by", "name", "your name", "full name", "reporter", "creator",
        "submitter", "submitted by", "nombre", "informador", "creador", "autor", "rapporteur",
    ), "Who asked"),
    Field("requester.email", "E-mail", (
        "email", "e-mail", "email address", "e-mail address", "your email*", "requester email", "requester e-mail",
        "work email", "reporter email", "mail", "username", "correo*",
    ), "Who asked"),
    Field("requester.unit", "Unit", (
        "department", "unit", "team", "business unit", "division", "abteilung", "bereich", "org unit", "organisation unit",
        "your department*", "which department*", "which team*", "your team*", "departamento",
    ), "Who asked"),
    Field("submitted", "Submitted", (
        "completion time", "timestamp", "submitted", "submitted at", "submission date", "date submitted", "created",
        "created at", "request date", "date requested", "date", "start time", "zeitstempel", "marca temporal", "fecha", "fecha de creación", "creada", "creado", "erstellt", "création", "créé",
    ), "About the row"),
    Field("id", "Id of the row", (
        "issue key", "request id", "id", "response id", "ticket", "ticket id", "ticket number", "key", "number", "no.",
        "issue id", "clave de incidencia", "response number", "reference", "vorgangsschlüssel", "clé de ticket",
    ), "About the row"),
)  # fmt: skip

BY_KEY = {field.key: field for field in FIELDS}
DATES = ("submitted", "deadline.on", "measure.by")


_NUMBERED = re.compile(r"(?<=[^\W\d])\d$| \(\d\)$")
_ABOUT_WHO_ASKED = {
    "requester",
    "requested by",
    "who asked",
    "contact",
    "contact person",
    "about you",
    "your details",
}


def reads_as(header: str, field: Field) -> int | None:
    """How well a header names a field: 0 is best, None not at all.

    "Email2", as forms write where a question has the name of one of their own columns, fits worse than "Email". Of
    "Audience | How many", a header of two rows, the lower word alone may tell, unless it is about somebody.
    """
    whole = header.casefold().strip(" :?*.")
    group, bar, lower = whole.rpartition(" | ")
    tries = [(whole, 0), (_NUMBERED.sub("", whole), 100)]
    if bar:
        tries.append((f"{group} {lower}", 200))
        if field.group == "The request" or group in _ABOUT_WHO_ASKED:
            tries.append((lower, 300))
    return next(
        (worse + place for words, worse in tries if (place := _place(words, field)) is not None), None
    )


def _place(words: str, field: Field) -> int | None:
    for place, word in enumerate(field.words):
        if words == word or (word.endswith("*") and words.startswith(word[:-1])):
            return place
    return None
