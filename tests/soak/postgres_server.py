"""A PostgreSQL server of the machine's own package, in a folder of its own, for as long as the tests need it."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOWHERE = "no PostgreSQL server is installed; on Debian: apt-get install postgresql"


def programs() -> Path | None:
    """Return the folder of initdb and postgres, the newest version there is; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


def _as_user(command: list[str]) -> list[str]:
    """Return the command as it must be run: PostgreSQL refuses root; and it ends when its parent does."""
    dying = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    if os.geteuid() != 0:
        return [*dying, *command]
    user = _user()
    return [*(dying or ["setpriv"]), f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]


def _user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


class Cluster:
    """One server with durable settings; ``kill`` ends it and all its processes as a power cut would."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self.folder, self.port = programs, folder, _free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._databases = 0

    def create(self) -> None:
        """Make the data folder."""
        if os.geteuid() == 0:
            os.chown(self.folder, _user().pw_uid, _user().pw_gid)
        data = str(self.folder / "data")
        made = [
            str(self._programs / "initdb"),
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
        ]
        done = subprocess.run(_as_user(made), capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = (self.folder / "log.txt").open("ab")
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder, "fsync": "on",
            "synchronous_commit": "on", "full_page_writes": "on", "max_connections": 100,
            "recovery_init_sync_method": "syncfs",  # by default it opens every file of every database after a crash
        }  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), *options]
        self._server = subprocess.Popen(_as_user(command), stdout=log, stderr=log, cwd="/")
        log.close()
        self._wait()

    def _wait(self, seconds: float = 60) -> None:
        import psycopg

        end = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self._conninfo("postgres")).close()
                return
            except psycopg.OperationalError as error:
                assert self._server is not None
                if time.monotonic() > end or self._server.poll() is not None:
                    raise AssertionError(f"{error}\n{(self.folder / 'log.txt').read_text()[-2000:]}") from error
                time.sleep(0.02)

    def _conninfo(self, database: str) -> str:
        return f"host={self.folder} port={self.port} user=postgres dbname={database}"

    def database(self) -> str:
        """Return the URL of a new, empty database."""
        import psycopg

        self._databases += 1
        name = f"office_{self._databases}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return f"postgresql://postgres@/{name}?host={self.folder}&port={self.port}"

    def kill(self) -> None:
        """SIGKILL the server with every process of its own, and wait until none is left."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)  # so that it starts no more of them
        children = _children(self._server.pid)
        for pid in (*children, self._server.pid):
            os.kill(pid, signal.SIGKILL)
        self._server.wait()
        while any(Path(f"/proc/{pid}").exists() for pid in children):
            time.sleep(0.005)

    def stop(self) -> None:
        """End the server at once; nobody needs its data afterwards."""
        if self._server is None:
            return
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)
        self._server.wait(60)


def _children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Give a running server; its folder is gone afterwards."""
    found = programs()
    assert found is not None, NOWHERE
    folder = Path(tempfile.mkdtemp(prefix="tw-pg-"))
    server = Cluster(found, folder)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def version(programs: Path) -> str:
    """Return the server's version, such as 15.18."""
    said = subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"\d+(\.\d+)*", said)
    return match[0] if match else said
