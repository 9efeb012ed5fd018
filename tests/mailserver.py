"""A real IMAP server on loopback, Dovecot, for the tests that fetch mail. Skips with a reason where it isn't installed."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
USER, PASSWORD = "training@fernweh.example", 'se"cr?t/@1'
QUOTED = "training%40fernweh.example:se%22cr%3Ft%2F%401"

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


class MailServer:
    """One user with an INBOX. `put` delivers a mail; `client` speaks to the server as a mail program does."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"imap://{QUOTED}@127.0.0.1:{port}/INBOX"

    @contextmanager
    def client(self) -> Iterator[Any]:
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=20) as client:
            client.login(USER, PASSWORD)
            client.select_folder("INBOX")
            yield client

    def put(self, *mails: bytes) -> None:
        with self.client() as client:
            for mail in mails:
                client.append("INBOX", mail)

    def unseen(self) -> int:
        with self.client() as client:
            return len(client.search("UNSEEN"))

    def flags(self) -> list[set[bytes]]:
        with self.client() as client:
            found = client.fetch(client.search(), ["FLAGS"])
        return [{flag for flag in one[b"FLAGS"] if flag != rb"\Recent"} for _, one in sorted(found.items())]


@contextmanager
def running() -> Iterator[MailServer]:
    if DOVECOT is None:
        pytest.skip("Dovecot is not installed (Debian: dovecot-imapd)")
    folder = Path(tempfile.mkdtemp(prefix="outsize-dovecot-"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = _start(folder, port)
    server = MailServer(port)
    try:
        _await(server, process, folder)
        yield server
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Run as root it wants users of its own for what is not to be root; anybody else runs all of it as themselves."""
    me = getpass.getuser()
    is_root = os.getuid() == 0
    folder.chmod(0o755)
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    (folder / "mail").mkdir()
    owner = "dovecot" if is_root else me
    group = "dovecot" if is_root else str(os.getgid())
    if is_root:
        shutil.chown(folder / "mail", owner, group)
    names = {"internal": owner, "owner": owner, "group": group, "login": "dovenull" if is_root else me}
    (folder / "dovecot.conf").write_text(CONFIG.format(folder=folder, port=port, **names))
    command = [str(DOVECOT), "-F", "-c", str(folder / "dovecot.conf")]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _await(server: MailServer, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    for _ in range(100):
        with suppress(OSError, Exception), server.client():
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    log = folder / "log"
    raise RuntimeError(f"Dovecot did not start: {log.read_text() if log.exists() else 'it said nothing'}")
