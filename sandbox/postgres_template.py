"""The template of sessions' Postgres servers, made once below the root in a workspace of its own."""

from __future__ import annotations

import os
import secrets
import subprocess
from dataclasses import replace
from pathlib import Path
from threading import Event

from sandbox import commands
from sandbox.calls import claim
from sandbox.enclosure import Enclosure
from sandbox.ephemeral_postgres import MAKE_TEMPLATE, version_name
from sandbox.errors import SandboxUnavailable
from sandbox.port import Finished, Limits
from sandbox.workspace import Workspace, create, discard


def template(root: Path, enclosure: Enclosure) -> Path:
    """The template that fits the installed programs. Raises `SandboxUnavailable` when none can be made."""
    kept = root / "postgres" / version_name()
    if not kept.exists():
        kept.parent.mkdir(mode=0o755, exist_ok=True)
        made = create(root, f"template-{secrets.token_hex(8)}", epoch=1, own_user=enclosure.own_users)
        try:
            _make(made, enclosure, kept)
        finally:
            discard(root, made.session, made.calls.parent, made.calls.name)
    return kept


def _make(made: Workspace, enclosure: Enclosure, kept: Path) -> None:
    # The programs are there with any folder of templates; without a template in it no server starts.
    launch = enclosure.launch(replace(made.place, postgres=kept.parent), MAKE_TEMPLATE, Limits())
    call = claim(made.calls, "template", ("execute", MAKE_TEMPLATE))
    outcome = commands.run(call, launch, Limits(), Event())
    if not (isinstance(outcome, Finished) and outcome.exit_code == 0):
        raise SandboxUnavailable(f"no Postgres can be made: {outcome}")
    folder = made.place.workspace / "template"
    for argv in (["chown", "-R", str(os.geteuid())], ["chmod", "-R", "a+rX,go-w"]):
        subprocess.run([*argv, str(folder)], env={"PATH": os.defpath}, check=True)  # noqa: S603
    try:
        folder.rename(kept)
    except OSError:
        # Another worker was faster, and its template is as good as this one.
        if not kept.exists():
            raise
