"""Git over HTTP for the GitHub stand-in: git's own backend behind a small gateway."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from starlette.responses import Response


def serve_git(
    root: Path, path: str, *, method: str, query: str, headers: dict[str, str], body: bytes
) -> Response:
    """One request of git, answered by `git http-backend`; `path` is below the repository in `root`."""
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_CONFIG_KEY_1": "http.receivepack",
        "GIT_CONFIG_VALUE_1": "true",
        "HOME": "/nonexistent",
        "PATH_INFO": f"/{path}",
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "REMOTE_USER": "app",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
        "GIT_PROTOCOL": headers.get("git-protocol", ""),
    }
    done = subprocess.run(
        ["git", "http-backend"], input=body, env=environment, capture_output=True, check=True
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    told = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    status = int(told.pop("Status", "200").split()[0])
    return Response(content, status_code=status, headers=told)
