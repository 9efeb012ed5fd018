"""Reads the CSV of a Kanboard project: one row a task, with when it was made, begun and completed."""

from portfolio.importing.boards import Board, Brought, Place, Unusable, check_size, named, told_apart
from portfolio.importing.boards_tables import Line, Table

CLOSED = "(closed)"


def fits(table: Table) -> bool:
    return all(map(table.has, ("task id", "title", "column", "swimlane")))


def read(table: Table) -> Board:
    """The tasks of a project. Raises Unreadable where there are none or too many."""
    lines = table.rows()
    check_size(len(lines))
    found: list[tuple[float, Brought]] = []
    unusable: list[Unusable] = []
    for line in lines:
        key, title, column = (line.text(name) for name in ("task id", "title", "column"))
        if key and title and column:
            found.append((line.number_in("position") or 0.0, _task(line, key, title, column)))
        else:
            missing = "id" if not key else "title" if not title else "column"
            unusable.append(Unusable(line.number, f"It has no {missing}.", line.cells[:8]))
    found.sort(key=lambda one: (one[0], one[1].line))
    taken, again = told_apart(card for _, card in found)
    projects = sorted({line.text("project") for line in lines} - {""})
    names = dict.fromkeys(line.text("column") for line in lines)
    closed = any(card.place == CLOSED for card in taken)
    return Board(
        source="kanboard",
        name=", ".join(projects[:3]) or "Kanboard",
        how=f"Kanboard tasks, {table.sheet.source.how}, {len(lines):,} rows",
        cards=taken,
        places=(
            *(Place(name, name) for name in names if name),
            *([Place(CLOSED, "Closed tasks", is_over=True)] if closed else []),
        ),
        unusable=(*unusable, *again),
        left_out=tuple(table.unused()),
        notes=(
            "A Kanboard CSV says when a task was made, begun and completed, not where it stood in between.",
        ),
        handles=_handles(lines),
        date_texts=tuple(table.date_texts),
    )


def _task(line: Line, key: str, title: str, column: str) -> Brought:
    is_closed = line.text("status").casefold() == "closed"
    return Brought(
        line=line.number,
        key=key,
        title=title,
        place=CLOSED if is_closed else column,
        made_at=line.moment("creation date"),
        changed_at=line.moment("modification date"),
        begun_at=line.moment("start date"),
        ended_at=line.moment("completion date"),
        due_on=line.day("due date"),
        owner=line.text("assignee name", "assignee username"),
        more=named(
            [
                ("Column", column if is_closed else ""),
                ("Swimlane", _unless(line.text("swimlane"), "Default swimlane")),
                ("Category", line.text("category")),
                ("Reference", line.text("reference")),
                ("Complexity", _unless(line.text("complexity"), "0")),
                ("Tags", line.text("tags")),
                ("Made by", line.text("creator")),
            ]
        ),
        notes=line.prose("description"),
        hours=line.number_in("time estimated") or None,
        hours_spent=line.number_in("time spent") or None,
        remarks=tuple(line.remarks),
    )


def _unless(words: str, usual: str) -> str:
    return "" if words == usual else words


def _handles(lines: list[Line]) -> dict[str, tuple[str, ...]]:
    return {name: (line.text("assignee username"),) for line in lines if (name := line.text("assignee name"))}
