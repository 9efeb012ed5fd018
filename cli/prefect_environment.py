"""The environment our Prefect server and our worker run in, each setting with its reason."""

from pathlib import Path


def for_all(data: Path) -> dict[str, str]:
    return {
        "PREFECT_HOME": str(data / "prefect"),  # nothing of ours in the user's own ~/.prefect
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }


def for_server(data: Path, address: str, *, kept_days: int) -> dict[str, str]:
    return for_all(data) | {
        "PREFECT_API_URL": f"{address}/api",
        "PREFECT_UI_API_URL": f"{address}/api",
        "PREFECT_UI_URL": address,
        # Copied there once; the installed package may not be ours to write to.
        "PREFECT_UI_STATIC_DIRECTORY": str(data / "prefect" / "ui"),
        # By default any page in the browser may talk to this API; only its own pages need to.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": address,
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # Its database grows with each run: our runs, and what they leave, go after a while.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(kept_days * 86_400),
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT__SERVER_FINAL": "1",  # frees what only a second server in the process would need
    }


def for_worker(data: Path, api_url: str) -> dict[str, str]:
    return for_all(data) | {
        "PREFECT_API_URL": api_url,
        # Without a server a flow would start one of its own and keep its runs where nobody looks.
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        # A server that died is tried again after 2, 4 and 8 s; five times, the default, would hold a lane for a minute.
        "PREFECT_CLIENT_MAX_RETRIES": "3",
        "PREFECT_API_REQUEST_TIMEOUT": "15",
        # Runs log to Prefect's pages; our own log file gets what went wrong.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
        "PREFECT_LOGGING_COLORS": "false",
    }
