"""Where a column can go, and the header words that say so in the exports people have."""

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
        "resumen", "betreff", "titel", "thema", "name of training", "what training do you need*", "course title",
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
    Field("measure.name", "Measure", ("measure", "metric", "kpi", "business measure", "which number should move*", "success measure")),
    Field("measure.today", "Measure today", ("today", "current value", "baseline", "value today", "measure today")),
    Field("measure.wanted", "Measure wanted", ("target", "wanted", "target value", "value wanted", "goal value", "measure wanted")),
    Field("measure.by", "Measure wanted by", ("by when", "target date", "measure by")),
    Field("if_nothing", "If nothing is done", ("if nothing", "what happens if*", "impact of not*", "risk of not*", "consequence*")),
    Field("deadline.on", "Deadline", (
        "deadline", "due date", "needed by", "due", "required by", "date needed", "when do you need*", "faellig", "frist",
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
        "submitter", "submitted by", "nombre", "informador",
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
        "created at", "request date", "date requested", "date", "start time", "zeitstempel", "marca temporal", "fecha",
    ), "About the row"),
    Field("id", "Id of the row", (
        "issue key", "request id", "id", "response id", "ticket", "ticket id", "ticket number", "key", "number", "no.",
        "issue id", "clave de incidencia", "response number", "reference",
    ), "About the row"),
)  # fmt: skip

BY_KEY = {field.key: field for field in FIELDS}
DATES = ("submitted", "deadline.on", "measure.by")


def reads_as(header: str, field: Field) -> int | None:
    """How well a header names a field: 0 is best, None not at all."""
    header = header.casefold().strip(" :?*.")
    for place, word in enumerate(field.words):
        if header == word or (word.endswith("*") and header.startswith(word[:-1])):
            return place
    return None
