"""The conversations of the local workspace, one of every kind that a bot must tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.workspace.people import OXBOW, PARTNER_TEAM, PEOPLE, TEAM
from bot.workspace.wire import Json

Kind = Literal["public", "private", "group_message", "direct_message"]
Sharing = Literal["none", "pending", "external"]

CREATED = 1_700_000_000
"""Seconds since 1970: every conversation is older than every message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A conversation. Its identifier says nothing on its kind: a public channel made private keeps it."""

    id: str
    name: str
    kind: Kind
    members: frozenset[str]
    creator: str = "U0ADA00001"
    topic: str = ""
    purpose: str = ""
    sharing: Sharing = "none"
    is_archived: bool = False

    @property
    def channel_type(self) -> str:
        """What events call it."""
        types = {"public": "channel", "private": "group", "group_message": "mpim", "direct_message": "im"}
        return types[self.kind]

    @property
    def is_shared(self) -> bool:
        return self.sharing == "external"

    def as_json(self, viewer: str) -> Json:
        """The conversation object as `viewer` gets it."""
        if self.kind == "direct_message":
            return self._direct_message(viewer)
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind == "public" or (self.kind == "private" and self.id.startswith("C")),
            "is_group": self.kind == "private" and not self.id.startswith("C"),
            "is_im": False,
            "is_mpim": self.kind == "group_message",
            "is_private": self.kind != "public",
            "created": CREATED,
            "creator": self.creator,
            "is_archived": self.is_archived,
            "is_general": self.name == "general",
            "is_member": viewer in self.members,
            "is_read_only": False,
            "is_frozen": False,
            "num_members": len(self.members),
            "topic": self._note(self.topic),
            "purpose": self._note(self.purpose),
            "previous_names": [],
            "context_team_id": TEAM,
            "updated": CREATED * 1000,
            **self._sharing(),
        }

    def _direct_message(self, viewer: str) -> Json:
        return {
            "id": self.id,
            "created": CREATED,
            "is_im": True,
            "is_archived": self.is_archived,
            "is_org_shared": False,
            "context_team_id": TEAM,
            "user": next((member for member in sorted(self.members) if member != viewer), viewer),
            "is_user_deleted": False,
        }

    def _note(self, value: str) -> Json:
        return {"value": value, "creator": self.creator if value else "", "last_set": CREATED if value else 0}

    def _sharing(self) -> Json:
        return {
            "is_shared": self.is_shared,
            "is_org_shared": False,
            "is_ext_shared": self.is_shared,
            "is_pending_ext_shared": self.sharing == "pending",
            "pending_shared": [PARTNER_TEAM] if self.sharing == "pending" else [],
            "pending_connected_team_ids": [PARTNER_TEAM] if self.sharing == "pending" else [],
            "shared_team_ids": [TEAM, PARTNER_TEAM] if self.is_shared else [TEAM],
        }


def founding_channels() -> tuple[Channel, ...]:
    """The conversations a new workspace begins with."""
    regular = {person.id for person in PEOPLE if not (person.is_guest or person.is_stranger or person.is_bot)}
    staff = frozenset(regular | {OXBOW, "U0DEPLOY01"})
    with_guest = staff | {"U0GIL00001"}
    return (
        _public("C0GENERAL1", "general", staff, "Company-wide talk and good mornings"),
        _public("C0DATAPLAT", "data-platform", staff, "Imports, pipelines, the warehouse"),
        _public("C0SHOPBACK", "shop-backend", staff, "The shop's services"),
        _public("C0HELPPY01", "help-python", with_guest, "Ask anything about Python"),
        _public("C0RANDOM01", "random", frozenset(regular), "Not about work"),
        Channel(
            id="C0PRIVATE1",
            name="salaries",
            kind="private",
            members=frozenset({"U0ADA00001", "U0BRUNO001", OXBOW}),
            purpose="Private",
        ),
        Channel(
            id="G0GROUPDM1",
            name="mpdm-ada--bruno--oxbow-1",
            kind="group_message",
            members=frozenset({"U0ADA00001", "U0BRUNO001", OXBOW}),
        ),
        Channel(
            id="C0CONNECT1",
            name="northwind-parcels",
            kind="public",
            members=staff | {"U0SAM00001"},
            purpose="Shared with Northwind Parcels",
            sharing="external",
        ),
        Channel(
            id="C0ARCHIVE1",
            name="old-checkout",
            kind="public",
            members=frozenset(regular),
            purpose="The checkout before the rewrite",
            is_archived=True,
        ),
    )


def direct_message(number: int, person: str) -> Channel:
    """The direct message between a person and Oxbow."""
    return Channel(
        id=f"D0OXBOW{number:03d}", name="Oxbow", kind="direct_message", members=frozenset({person, OXBOW})
    )


def _public(identifier: str, name: str, members: frozenset[str], purpose: str) -> Channel:
    return Channel(id=identifier, name=name, kind="public", members=members, purpose=purpose)
