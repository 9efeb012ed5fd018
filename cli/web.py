"""The web server: by itself as `outsize web`, or as a child of `outsize serve`, which hands it the open port."""

import gc
import socket
import sys
from typing import Any

import uvicorn
from uvicorn.supervisors import ChangeReload

from cli.importing import lasting
from portfolio.settings import Settings

# Pages that listen for changes stay open for hours; a stop waits so long for them.
GOODBYE_SECONDS = 3

# Requests hand work back and forth between the loop and threads; Python would let either hold on for 5 ms.
SWITCH_SECONDS = 0.0005

# A request makes some thousand short-lived objects: looking for circles among them once in a while is enough.
OBJECTS_BETWEEN_LOOKS = 20_000


def run(settings: Settings, *, listening: socket.socket | None = None, reload: bool = False) -> int:
    config = uvicorn.Config(
        "app:create_app_from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        reload=reload,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # web/guards.py decides whom to believe
        server_header=False,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
    )
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
    server = uvicorn.Server(config)
    sockets: Any = [listening] if listening else None
    if config.should_reload:
        ChangeReload(config, target=server.run, sockets=sockets or [config.bind_socket()]).run()
    else:
        with lasting():
            config.load()
        server.run(sockets=sockets)
    return 0 if server.started or config.should_reload else 1
