"""`outsize serve`: settles what is said by flags, environment and file, then becomes the supervisor."""

import os
import sys
from typing import NoReturn

from cli import web
from portfolio.settings import Settings


def run(settings: Settings, *, demo: bool = False, reload: bool = False) -> NoReturn:
    """Does not return: this process goes on as `cli.supervisor`, which needs a sixth of the memory."""
    arguments = [name for name, wanted in (("--demo", demo), ("--reload", reload)) if wanted]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(  # noqa: S606 - our own interpreter, no shell
        sys.executable,
        [sys.executable, "-P", "-m", "cli.supervisor", *arguments],
        {**os.environ, **environment(settings)},
    )


def run_web(settings: Settings) -> int:
    os.environ.update(environment(settings))
    return web.run(settings)


def environment(settings: Settings) -> dict[str, str]:
    """What children need to come to the same settings. Secrets are left where they are: in the environment or files."""
    said = {
        "OUTSIZE_DATA": str(settings.data),
        "OUTSIZE_HOST": settings.host,
        "OUTSIZE_PORT": str(settings.port),
        "OUTSIZE_BASE_URL": settings.base_url,
        "OUTSIZE_DATABASE_URL": settings.database_url,
        "OUTSIZE_PREFECT_PORT": str(settings.prefect_port),
        "OUTSIZE_FLOW_RUNS_KEPT_DAYS": str(settings.flow_runs_kept_days),
        "OUTSIZE_PREFECT_UI_URL": settings.prefect_ui_url,
        "PREFECT_API_URL": settings.prefect_api_url,
    }
    return {name: value for name, value in said.items() if value}
