"""Reads a plan exported from Microsoft Planner as XLSX or CSV: one row a task."""

from portfolio.importing.boards import Board, Brought, Place, Unusable, check_size, named, told_apart
from portfolio.importing.boards_tables import Line, Table

COMPLETED = "completed"
PROGRESS = ("Not started", "In progress", "Completed")


def fits(table: Table) -> bool:
    return all(map(table.has, ("task name", "bucket name", "progress")))


def read(table: Table, name: str, places_from: str) -> Board:
    """The tasks of a plan; they stand in their bucket, or by their progress. Raises Unreadable."""
    lines = table.rows()
    check_size(len(lines))
    found: list[Brought] = []
    unusable: list[Unusable] = []
    for line in lines:
        title = line.text("task name")
        key = line.text("task id") or f"{line.text('bucket name')} / {title}"[:200]
        if title:
            found.append(_task(line, key, title, places_from))
        else:
            unusable.append(Unusable(line.number, "It has no name.", line.cells[:8]))
    taken, again = told_apart(found)
    return Board(
        source="planner",
        name=name,
        how=f"Planner tasks, {table.sheet.source.how}, {len(lines):,} rows",
        cards=taken,
        places=_places(taken, places_from),
        unusable=(*unusable, *again),
        left_out=tuple(table.unused()),
        notes=(
            "Planner says when a task was made and completed, not when it was begun: its start date is when it was planned to.",
        ),
        date_texts=tuple(table.date_texts),
        two_kinds_of_place=True,
    )


def _task(line: Line, key: str, title: str, places_from: str) -> Brought:
    bucket = line.text("bucket name") or "No bucket"
    progress = line.text("progress") or PROGRESS[0]
    is_completed = progress.casefold() == COMPLETED
    in_buckets = places_from == "bucket"
    owners = [one.strip() for one in line.text("assigned to").split(";") if one.strip()]
    ticks, remark = _ticks(line)
    return Brought(
        line=line.number,
        key=key,
        title=title,
        place=PROGRESS[2] if is_completed else bucket if in_buckets else progress,
        made_at=line.moment("created date"),
        ended_at=line.moment("completed date"),
        due_on=line.day("due date"),
        owner=owners[0] if owners else "",
        notes=line.prose("description", "notes"),
        more=named(
            [
                ("Bucket", bucket if is_completed or not in_buckets else ""),
                ("Progress", progress if in_buckets and not is_completed and progress != PROGRESS[0] else ""),
                ("Planned start", line.text("start date")),
                ("Also assigned", ", ".join(owners[1:])),
                ("Labels", line.text("labels").replace(";", ", ")),
                ("Priority", line.text("priority")),
                ("Made by", line.text("created by")),
                ("Completed by", line.text("completed by")),
            ]
        ),
        ticks=tuple(ticks),
        remarks=(*line.remarks, *([remark] if remark else [])),
    )


def _ticks(line: Line) -> tuple[list[tuple[str, bool]], str]:
    """The checklist, "a;b", and how many of it are done, "1/2"; which ones the file doesn't say."""
    words = [one.strip() for one in line.text("checklist items").split(";") if one.strip()]
    done = line.text("completed checklist items").partition("/")[0].strip()
    count = int(done) if done.isdecimal() and len(done) < 6 else 0
    if not words or not count:
        return [(one, False) for one in words], ""
    if count >= len(words):
        return [(one, True) for one in words], ""
    return (
        [(one, False) for one in words],
        f"{count} of its {len(words)} lines to tick off are done; the file doesn't say which, so none is ticked.",
    )


def _places(cards: tuple[Brought, ...], places_from: str) -> tuple[Place, ...]:
    keys = dict.fromkeys(card.place for card in cards)
    if places_from == "progress":
        ordered = [one for one in PROGRESS if one in keys]
        keys = dict.fromkeys([*ordered, *keys])
    return tuple(
        Place(key, "Completed tasks" if key == PROGRESS[2] else key, key == PROGRESS[2]) for key in keys
    )
