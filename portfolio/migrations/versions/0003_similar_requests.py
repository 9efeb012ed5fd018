"""the index of what can be suggested, kept by triggers so that whoever writes need not think of it"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0007"
branch_labels = None
depends_on = None

NONE = "kind = '', words = ''"
KIND = """CASE WHEN status IN ('submitted', 'needs_info', 'waitlisted', 'snoozed', 'accepted') THEN 'request'
         WHEN status = 'declined' THEN 'decline' ELSE '' END"""
"""An entry without a kind is not suggested: it has no words, and stays so that readers see by its revision that it went."""


FOLLOWING = "(SELECT coalesce(max(revision), 0) + 1 FROM search_entries)"
XID = "pg_current_xact_id()::text::bigint"
REQUEST_COLUMNS = ("title", "status", "unit_id")
RESOURCE_COLUMNS = ("title", "about", "topics", "audience", "retired_at")


def upgrade() -> None:
    op.create_table(
        "search_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entries")),
    )
    op.create_index(op.f("ix_search_entries_revision"), "search_entries", ["revision"], unique=False)
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in for_sqlite() if on_sqlite else for_postgres():
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        found = op.get_bind().exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'search_%'"
        )
        for (name,) in found.all():
            op.get_bind().exec_driver_sql(f"DROP TRIGGER {name}")
        op.get_bind().exec_driver_sql("DROP TABLE search_words")
    else:
        for statement in undo_postgres():
            op.get_bind().exec_driver_sql(statement)
    op.drop_index(op.f("ix_search_entries_revision"), "search_entries")
    op.drop_table("search_entries")


# SQLite


def for_sqlite() -> Iterator[str]:
    yield """CREATE VIRTUAL TABLE search_words USING fts5(
        words, content = 'search_entries', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2')"""
    yield """CREATE TRIGGER search_entries_added AFTER INSERT ON search_entries BEGIN
        INSERT INTO search_words (rowid, words) VALUES (new.id, new.words); END"""
    yield """CREATE TRIGGER search_entries_removed AFTER DELETE ON search_entries BEGIN
        INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', old.id, old.words); END"""
    yield """CREATE TRIGGER search_entries_changed AFTER UPDATE OF words ON search_entries WHEN old.words IS NOT new.words BEGIN
        INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', old.id, old.words);
        INSERT INTO search_words (rowid, words) VALUES (new.id, new.words); END"""
    yield from _sqlite_triggers(
        "learning_requests", REQUEST_COLUMNS, _sqlite_request("r.id = new.id"), "old.id * 2"
    )
    for event, row in (("INSERT", "new"), ("UPDATE OF value", "new"), ("DELETE", "old")):
        yield f"""CREATE TRIGGER search_answers_{event.split()[0].lower()} AFTER {event} ON answers
            WHEN {row}.question IN ('problem', 'behaviour') BEGIN
            {_sqlite_request(f"r.id = {row}.learning_request_id")}; END"""
    yield f"""CREATE TRIGGER search_units_update AFTER UPDATE OF name ON units BEGIN
        {_sqlite_request("r.unit_id = new.id")}; END"""
    yield from _sqlite_triggers(
        "resources", RESOURCE_COLUMNS, _sqlite_resource("r.id = new.id"), "old.id * 2 + 1"
    )
    yield _sqlite_request("true")
    yield _sqlite_resource("true")


def _sqlite_triggers(table: str, columns: tuple[str, ...], taking: str, entry: str) -> Iterator[str]:
    yield f"CREATE TRIGGER search_{table}_insert AFTER INSERT ON {table} BEGIN {taking}; END"
    named = ", ".join(columns)
    yield f"CREATE TRIGGER search_{table}_update AFTER UPDATE OF {named} ON {table} BEGIN {taking}; END"
    yield f"""CREATE TRIGGER search_{table}_delete AFTER DELETE ON {table} BEGIN
        UPDATE search_entries SET {NONE}, revision = {FOLLOWING} WHERE id = {entry}; END"""


def _sqlite_request(which: str) -> str:
    def said(question: str) -> str:
        return f"""coalesce((SELECT json_extract(value, '$') FROM answers
            WHERE learning_request_id = r.id AND question = '{question}'), '')"""

    unit = "coalesce((SELECT name FROM units WHERE units.id = r.unit_id), '')"
    words = f"r.title || ' ' || {said('problem')} || ' ' || {said('behaviour')} || ' ' || {unit}"
    return _sqlite_taking(
        f"SELECT r.id * 2 AS id, {KIND} AS kind, {words} AS words FROM learning_requests r WHERE {which}"
    )


def _sqlite_resource(which: str) -> str:
    return _sqlite_taking(
        f"""SELECT r.id * 2 + 1 AS id, CASE WHEN retired_at IS NULL THEN 'resource' ELSE '' END AS kind,
        r.title || ' ' || r.about || ' ' || r.topics || ' ' || r.audience AS words FROM resources r WHERE {which}"""
    )


def _sqlite_taking(source: str) -> str:
    return f"""INSERT INTO search_entries (id, kind, words, length, revision)
        SELECT id, kind, CASE kind WHEN '' THEN '' ELSE words END, {_length()}, {FOLLOWING} FROM ({source}) WHERE true
        ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, words = excluded.words, length = excluded.length,
        revision = excluded.revision"""


def _length() -> str:
    return "1 + length(words) - length(replace(words, ' ', ''))"


# PostgreSQL


def for_postgres() -> Iterator[str]:
    yield r"""CREATE FUNCTION search_folded(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
        regexp_replace(normalize(words, NFD), '[\u0300-\u036f]', '', 'g')"""
    yield """ALTER TABLE search_entries ADD COLUMN lexemes tsvector
        GENERATED ALWAYS AS (to_tsvector('english', search_folded(words))) STORED"""
    yield "CREATE INDEX ix_search_entries_lexemes ON search_entries USING gin (lexemes)"
    yield from _postgres_take("request", _postgres_request())
    yield from _postgres_take("resource", _postgres_resource())
    yield from _postgres_triggers("learning_requests", "request", REQUEST_COLUMNS, "old.id::bigint * 2")
    yield from _postgres_triggers("resources", "resource", RESOURCE_COLUMNS, "old.id::bigint * 2 + 1")
    for event, row in (("INSERT", "new"), ("UPDATE OF value", "new"), ("DELETE", "old")):
        when = f"{row}.question IN ('problem', 'behaviour')"
        taking = f"PERFORM search_take_request({row}.learning_request_id)"
        yield from _postgres_trigger("answers", event, taking, when)
    taking = "PERFORM search_take_request(id) FROM learning_requests WHERE unit_id = new.id"
    yield from _postgres_trigger("units", "UPDATE OF name", taking, "old.name <> new.name")
    yield "SELECT search_take_request(id) FROM learning_requests"
    yield "SELECT search_take_resource(id) FROM resources"


def undo_postgres() -> Iterator[str]:
    events = ("insert", "update", "delete", "truncate")
    made = {"learning_requests": events, "resources": events, "answers": events[:3], "units": ("update",)}
    for table, names in made.items():
        for name in names:
            yield f"DROP TRIGGER search_{table}_{name} ON {table}"
            yield f"DROP FUNCTION search_on_{table}_{name}()"
    yield "DROP FUNCTION search_take_request(integer)"
    yield "DROP FUNCTION search_take_resource(integer)"
    yield "ALTER TABLE search_entries DROP COLUMN lexemes"
    yield "DROP FUNCTION search_folded(text)"


def _postgres_take(subject: str, source: str) -> Iterator[str]:
    """A function that brings one entry up to date, by keys whatever the planner thinks of tables just made."""
    yield f"""CREATE FUNCTION search_take_{subject}(which integer) RETURNS void LANGUAGE sql SET enable_seqscan = off AS $$
        INSERT INTO search_entries (id, kind, words, length, revision)
        SELECT id, kind, CASE kind WHEN '' THEN '' ELSE words END, {_length()}, {XID}
        FROM ({source}) AS found
        ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, words = excluded.words, length = excluded.length,
        revision = excluded.revision $$"""


def _postgres_request() -> str:
    def said(question: str) -> str:
        return f"""(SELECT value #>> '{{}}' FROM answers
            WHERE learning_request_id = r.id AND question = '{question}')"""

    unit = "(SELECT name FROM units WHERE units.id = r.unit_id)"
    return f"""SELECT r.id::bigint * 2 AS id, {KIND} AS kind,
        concat_ws(' ', r.title, {said("problem")}, {said("behaviour")}, {unit}) AS words
        FROM learning_requests r WHERE r.id = which"""


def _postgres_resource() -> str:
    return """SELECT r.id::bigint * 2 + 1 AS id, CASE WHEN retired_at IS NULL THEN 'resource' ELSE '' END AS kind,
        concat_ws(' ', r.title, r.about, r.topics, r.audience) AS words FROM resources r WHERE r.id = which"""


def _postgres_triggers(table: str, subject: str, columns: tuple[str, ...], entry: str) -> Iterator[str]:
    taking = f"PERFORM search_take_{subject}(new.id)"
    now, before = (", ".join(f"{row}.{name}" for name in columns) for row in ("new", "old"))
    yield from _postgres_trigger(table, "INSERT", taking)
    yield from _postgres_trigger(table, "UPDATE", taking, f"({now}) IS DISTINCT FROM ({before})")
    gone = f"UPDATE search_entries SET {NONE}, revision = {XID} WHERE id = {entry}"
    yield from _postgres_trigger(table, "DELETE", gone)
    odd = 1 if subject == "resource" else 0
    emptying = f"DELETE FROM search_entries WHERE mod(id, 2) = {odd}"
    yield from _postgres_trigger(table, "TRUNCATE", emptying, each="STATEMENT")


def _postgres_trigger(
    table: str, event: str, action: str, when: str = "true", each: str = "ROW"
) -> Iterator[str]:
    name = f"{table}_{event.split(maxsplit=1)[0].lower()}"
    yield f"""CREATE FUNCTION search_on_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        {action}; RETURN NULL; END $$"""
    yield f"""CREATE TRIGGER search_{name} AFTER {event} ON {table}
        FOR EACH {each} WHEN ({when}) EXECUTE FUNCTION search_on_{name}()"""
