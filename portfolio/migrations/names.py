"""What Alembic compares with the models: all but the index of similar requests, which triggers keep."""


def is_of_a_model(name: str | None, kind: str, _parents: object = None) -> bool:
    return not (kind == "table" and (name or "").startswith("search_"))
