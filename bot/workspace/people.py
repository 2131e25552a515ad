"""The invented people and bots of the local workspace."""

from __future__ import annotations

from dataclasses import dataclass

from bot.workspace.wire import Json

TEAM = "T0LOCALOXB"
TEAM_NAME = "Riverbend"
TEAM_DOMAIN = "riverbend"
PARTNER_TEAM = "T0PARTNER1"
"""The other organisation of the Slack Connect channel."""

APP = "A0OXBOWAPP"
OXBOW = "U0OXBOWBOT"
OXBOW_BOT = "B0OXBOWBOT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member of the workspace, or a stranger met in a shared channel, or a bot."""

    id: str
    name: str
    """The handle, in small letters."""
    display_name: str
    title: str = ""
    tz: str = "Europe/Paris"
    tz_offset: int = 3600
    team: str = TEAM
    bot_id: str | None = None
    app: str | None = None
    is_guest: bool = False

    @property
    def is_bot(self) -> bool:
        return self.bot_id is not None

    @property
    def is_stranger(self) -> bool:
        """A member of another organisation."""
        return self.team != TEAM

    def as_json(self) -> Json:
        """The user object."""
        return {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "deleted": False,
            "real_name": self.display_name,
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": self.tz_offset,
            "profile": self._profile(),
            "is_admin": False,
            "is_owner": False,
            "is_restricted": self.is_guest,
            "is_ultra_restricted": self.is_guest,
            "is_stranger": self.is_stranger,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1_700_000_000,
        }

    def _profile(self) -> Json:
        bot = {"bot_id": self.bot_id, "api_app_id": self.app} if self.is_bot else {}
        return {
            "real_name": self.display_name,
            "display_name": self.display_name,
            "title": self.title,
            "team": self.team,
            **bot,
        }


PEOPLE = (
    Person(id="U0ADA00001", name="ada", display_name="Ada", title="Data engineer"),
    Person(id="U0BRUNO001", name="bruno", display_name="Bruno", title="Backend engineer"),
    Person(
        id="U0CHIDI001",
        name="chidi",
        display_name="Chidi",
        title="Site reliability",
        tz="America/New_York",
        tz_offset=-18000,
    ),
    Person(id="U0MEI00001", name="mei", display_name="Mei", title="Newcomer"),
    Person(id="U0GIL00001", name="gil", display_name="Gil", title="Guest", is_guest=True),
    Person(
        id="U0SAM00001", name="sam", display_name="Sam", title="Partner, Northwind Parcels", team=PARTNER_TEAM
    ),
    Person(id=OXBOW, name="oxbow", display_name="Oxbow", title="Engineering bot", bot_id=OXBOW_BOT, app=APP),
    Person(
        id="U0DEPLOY01",
        name="deploybot",
        display_name="Deploybot",
        title="Announces deployments",
        bot_id="B0DEPLOY01",
        app="A0DEPLOY01",
    ),
)
