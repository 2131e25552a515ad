"""`oxbow erase TEAM`: nothing is left of a workspace that has taken the app back."""

from __future__ import annotations

from rich.console import Console

from bot.compose import open_database
from bot.settings import SettingsProblem, read_settings
from bot.slack.showing.rendered import count
from memory.workspaces.erasing import erase_workspace
from memory.workspaces.installations import Installations


def erase(team: str) -> int:
    """Erase everything that is kept of it."""
    with open_database(read_settings()) as engine:
        installation = Installations(engine).of(team)
        if installation is not None and installation.parked is None:
            raise SettingsProblem(f"{team} is served now: let it uninstall the app in Slack first")
        sessions = erase_workspace(engine, team)
    Console().print(f"Nothing is left of {team}: {count(sessions, 'session')} erased.", markup=False)
    return 0
