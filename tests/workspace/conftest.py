"""The fixtures of the workspace's tests."""

from tests.workspace.fixtures import client, http_app, socket_app, workspace

__all__ = ["client", "http_app", "socket_app", "workspace"]
