"""Reads Jira: the CSV of an issue search, which has no past, and the JSON of its REST search, which may have a changelog."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from portfolio.importing import dates
from portfolio.importing.boards import (
    Board,
    Brought,
    Place,
    Said,
    Stop,
    Unusable,
    check_size,
    named,
    number_of,
    object_in,
    prose_in,
    text_in,
    things_in,
    told_apart,
    words_in,
)
from portfolio.importing.boards_tables import Line, Table, moment_in

KEY = ("issue key", "key", "clave de incidencia", "vorgangsschlüssel", "clé de ticket", "clé")
SUMMARY = ("summary", "resumen", "zusammenfassung", "résumé")
STATUS = ("status", "estado", "état", "statut")
ASSIGNEE = ("assignee", "persona asignada", "responsable", "zugewiesene person", "bearbeiter")
CREATED = ("created", "creada", "creado", "erstellt", "création")
UPDATED = ("updated", "actualizada", "aktualisiert", "mise à jour")
RESOLVED = ("resolved", "resuelta", "erledigt", "résolu")
BEGUN = (
    "custom field (actual start)",
    "custom field (started)",
    "actual start",
)
POINTS = (
    "custom field (story points)",
    "custom field (story point estimate)",
    "story points",
    "story point estimate",
)
SECONDS = 3600
DEEPEST = 50


def fits_table(table: Table) -> bool:
    """Whether this is an issue export."""
    return table.has(*KEY) and table.has(*SUMMARY) and table.has(*STATUS)


def read_table(table: Table) -> Board:
    """The issues of a CSV. Raises Unreadable where there are none or too many."""
    lines = table.rows()
    check_size(len(lines))
    found: list[Brought] = []
    unusable: list[Unusable] = []
    for line in lines:
        key, title, status = line.text(*KEY), line.text(*SUMMARY), line.text(*STATUS)
        if key and title and status:
            found.append(_issue(line, key, title, status))
        else:
            missing = "key" if not key else "summary" if not title else "status"
            unusable.append(Unusable(line.number, f"It has no {missing}.", line.cells[:8]))
    taken, again = told_apart(found)
    projects = sorted({line.text("project name", "project key") for line in lines} - {""})
    return Board(
        source="jira",
        name=", ".join(projects[:3]) or "Jira",
        how=f"Jira issues, {table.sheet.source.how}, {len(lines):,} rows",
        cards=taken,
        places=_places(card.place for card in taken),
        unusable=(*unusable, *again),
        left_out=tuple(table.unused()),
        notes=(
            "A Jira CSV has no changelog: where an issue stood in between is not in the file. "
            "The JSON of Jira's search with expand=changelog has it.",
        ),
        date_texts=tuple(table.date_texts),
        has_points=any(card.points is not None for card in taken),
    )


def _issue(line: Line, key: str, title: str, status: str) -> Brought:
    seconds, spent = (line.number_in(name) for name in ("original estimate", "time spent"))
    return Brought(
        line=line.number,
        key=key,
        title=title,
        place=status,
        made_at=line.moment(*CREATED),
        changed_at=line.moment(*UPDATED),
        begun_at=line.moment(*BEGUN),
        ended_at=line.moment(*RESOLVED),
        due_on=line.day("due date", "fecha de vencimiento", "fälligkeitsdatum", "date d'échéance"),
        owner=line.text(*ASSIGNEE),
        notes=line.prose("description", "descripción", "beschreibung"),
        more=named(
            [
                ("Type", line.text("issue type", "tipo de incidencia", "vorgangstyp")),
                ("Priority", line.text("priority", "prioridad", "priorität")),
                ("Resolution", line.text("resolution", "resolución", "lösung")),
                ("Labels", ", ".join(line.every("labels", "etiquetas"))),
                ("Components", ", ".join(line.every("component/s", "components"))),
                ("Sprint", ", ".join(dict.fromkeys(line.every("sprint", "custom field (sprint)")))),
                (
                    "Belongs to",
                    line.text(
                        "parent summary", "parent key", "parent", "custom field (epic link)", "epic link"
                    ),
                ),
                ("Reported by", line.text("reporter", "informador", "autor")),
                ("Planned start", line.text("custom field (start date)", "start date")),
                ("Environment", line.prose("environment")),
            ]
        ),
        hours=seconds / SECONDS if seconds else None,
        points=line.number_in(*POINTS),
        hours_spent=spent / SECONDS if spent else None,
        comments=tuple(_said(cell, line.table) for cell in line.every("comment", "comments", "comentario")),
        links=tuple(_attached(cell) for cell in line.every("attachment", "attachments")),
        remarks=tuple(line.remarks),
    )


def _said(cell: str, table: Table) -> Said:
    """ "03/Sep/26 9:05 AM;kim;The words"; other cells are words alone."""
    head, first, rest = cell.partition(";")
    at = moment_in(head, table) if first else None
    who, second, words = rest.partition(";")
    if at is not None and second and words.strip():
        return Said(words.strip(), str(text_in(who)), at)
    return Said(cell, "", None)


def _attached(cell: str) -> tuple[str, str]:
    """ "date;author;file name;address"."""
    parts = [part.strip() for part in cell.split(";")]
    return parts[-1], parts[-2] if len(parts) > 1 else "Attachment"


def fits_json(body: Any) -> bool:
    """Whether this is the answer of a search."""
    issues = body.get("issues") if isinstance(body, dict) else None
    return isinstance(issues, list) and any(isinstance(one.get("fields"), dict) for one in things_in(issues))


def read_json(body: dict[str, Any]) -> Board:
    """The issues of a search, with their changelog where it was asked for. Raises Unreadable."""
    issues = things_in(body["issues"])
    check_size(len(issues))
    found: list[Brought] = []
    unusable: list[Unusable] = []
    for line, issue in enumerate(issues, start=1):
        key, fields = text_in(issue.get("key")), object_in(issue.get("fields"))
        title, status = text_in(fields.get("summary")), text_in(object_in(fields.get("status")).get("name"))
        if key and title and status:
            found.append(_told_issue(line, issue, key, title, status))
        else:
            missing = "key" if not key else "summary" if not title else "status"
            unusable.append(Unusable(line, f"It has no {missing}.", [key, title, status]))
    taken, again = told_apart(found)
    without = sum(not card.stops for card in taken)
    names = sorted(
        {text_in(object_in(object_in(one.get("fields")).get("project")).get("name")) for one in issues} - {""}
    )
    return Board(
        source="jira",
        name=", ".join(names[:3]) or "Jira",
        how=f"Jira issues, JSON, {len(issues):,} issues",
        cards=taken,
        places=_places(
            place for card in taken for place in (card.place, *(stop.place for stop in card.stops))
        ),
        unusable=(*unusable, *again),
        notes=(f"{without:,} issues have no changelog of their status in the file.",) if without else (),
        has_points=any(card.points is not None for card in taken),
    )


def _told_issue(line: int, issue: dict[str, Any], key: str, title: str, status: str) -> Brought:
    fields = object_in(issue.get("fields"))
    made = dates.stamp(fields.get("created"))
    due = text_in(fields.get("duedate"))
    seconds, spent = (number_of(fields.get(name)) for name in ("timeoriginalestimate", "timespent"))
    remarks = []
    try:
        due_at = dates.sane(datetime.fromisoformat(due)) if due else None
    except ValueError:
        due_at = None
    due_on = due_at.date() if due_at else None
    if due and due_on is None:
        remarks.append(f"“{due[:40]}” (duedate) is no date we can read.")
    return Brought(
        line=line,
        key=key,
        title=title,
        place=status,
        made_at=made,
        changed_at=dates.stamp(fields.get("updated")),
        ended_at=dates.stamp(fields.get("resolutiondate")),
        stops=tuple(_stops(issue, made)),
        due_on=due_on,
        owner=_person(fields.get("assignee")),
        notes=_prose(fields.get("description")),
        more=named(
            [
                ("Type", text_in(object_in(fields.get("issuetype")).get("name"))),
                ("Priority", text_in(object_in(fields.get("priority")).get("name"))),
                ("Resolution", text_in(object_in(fields.get("resolution")).get("name"))),
                ("Labels", ", ".join(words_in(fields.get("labels")))),
                ("Belongs to", text_in(object_in(fields.get("parent")).get("key"))),
                ("Reported by", _person(fields.get("reporter"))),
            ]
        ),
        hours=seconds / SECONDS if seconds else None,
        hours_spent=spent / SECONDS if spent else None,
        comments=tuple(
            Said(_prose(one.get("body")), _person(one.get("author")), dates.stamp(one.get("created")))
            for one in things_in(object_in(fields.get("comment")).get("comments"))
            if _prose(one.get("body"))
        ),
        links=tuple(
            (text_in(one.get("content")), text_in(one.get("filename")) or "Attachment")
            for one in things_in(fields.get("attachment"))
            if text_in(one.get("content"))
        ),
        remarks=tuple(remarks),
    )


def _stops(issue: dict[str, Any], made: datetime | None) -> list[Stop]:
    """Every change of status, oldest first, after the status the issue was made in."""
    changes = sorted(
        (
            (at, text_in(item.get("fromString")), text_in(item.get("toString")))
            for one in things_in(object_in(issue.get("changelog")).get("histories"))
            for item in things_in(one.get("items"))
            if item.get("field") == "status" and (at := dates.stamp(one.get("created"))) is not None
        ),
        key=lambda change: change[0],
    )
    stops = [Stop(at, to) for at, _, to in changes if to]
    if stops and changes[0][1]:
        stops.insert(0, Stop(made or stops[0].at, changes[0][1]))
    return stops


def _person(value: Any) -> str:
    known = object_in(value)
    return next(
        (text for name in ("displayName", "emailAddress", "name") if (text := text_in(known.get(name)))), ""
    )


def _prose(value: Any, depth: int = 0) -> str:
    """Plain words, or those in Atlassian's document format, whose paragraphs may stand in each other."""
    if not isinstance(value, dict) or depth > DEEPEST:
        return prose_in(value)
    kind, said, named_as = value.get("type"), value.get("text"), object_in(value.get("attrs"))
    if kind == "text":
        return said if isinstance(said, str) else ""
    if kind in ("mention", "emoji", "inlineCard", "blockCard"):
        return text_in(named_as.get("text")) or text_in(named_as.get("url"))
    if kind == "hardBreak":
        return "\n"
    words = "".join(_prose(one, depth + 1) for one in things_in(value.get("content")))
    if kind in ("paragraph", "heading", "listItem", "codeBlock"):
        return f"{words}\n"
    return prose_in(words) if kind == "doc" else words


def _places(keys: Iterable[str]) -> tuple[Place, ...]:
    return tuple(Place(key, key) for key in dict.fromkeys(keys))
