"""Alembic's entry: `portfolio.database.migrate` hands it an open connection; the alembic command makes one."""

from alembic import context

from portfolio import settings
from portfolio.database import connect
from portfolio.migrations.names import is_of_a_model
from portfolio.models import Base


def run(connection) -> None:  # type: ignore[no-untyped-def] # alembic passes what it was given
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        include_name=is_of_a_model,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with connect(settings.load().database_url).engine.connect() as opened:
        run(opened)
