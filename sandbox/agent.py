"""The agent's code and how it gets into a machine: this package, kept on the machine's disk by its digest."""

from __future__ import annotations

import hashlib
import io
import tarfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sandbox.errors import SandboxUnreachable
from sandbox.machines import Machines

_PYTHON = ("python3", "-I", "-S", "-c")
_RUN = """
import os, sys
sys.stdin.buffer.peek(1)  # nothing is said before the worker listens
code = '/oxbow/code/{digest}'
if not os.path.isdir(code):
    os.write(1, b'{{"kind": "missing", "size": 0}}\\n')
    sys.exit()
sys.path.insert(0, code)
from sandbox.inside import main
main()
"""
# Put in place by one rename: another worker may do the same at this moment.
_INSTALL = """
import io, os, secrets, sys, tarfile
os.makedirs('/oxbow/code', 0o700, exist_ok=True)
draft = '/oxbow/code/draft.' + secrets.token_hex(8)
tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read({size}))).extractall(draft)
try:
    os.rename(draft, '/oxbow/code/{digest}')
except OSError:
    pass
os.write(1, b'installed\\n')
"""
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One version of the code."""

    archive: bytes
    digest: str

    @classmethod
    def of_this_version(cls) -> Self:
        """The code that runs here."""
        into = io.BytesIO()
        with tarfile.open(fileobj=into, mode="w") as tar:
            for path in sorted(Path(__file__).parent.glob("*.py")):
                member = tarfile.TarInfo(f"sandbox/{path.name}")
                content = path.read_bytes()
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        archive = into.getvalue()
        return cls(archive=archive, digest=hashlib.sha256(archive).hexdigest()[:16])

    @property
    def argv(self) -> tuple[str, ...]:
        """The program that answers one request."""
        return (*_PYTHON, _RUN.format(digest=self.digest))

    def install(self, machines: Machines, key: str) -> None:
        """Bring the code onto the machine's disk. Raises as `run` of the machines does."""
        program = _INSTALL.format(digest=self.digest, size=len(self.archive))
        with closing(machines.run(key, (*_PYTHON, program))) as channel:
            channel.send(self.archive)
            if not (channel.receive(_PATIENCE) or b"").startswith(b"installed"):
                raise SandboxUnreachable(f"the agent cannot be installed in {key}: {channel.trouble()}")
