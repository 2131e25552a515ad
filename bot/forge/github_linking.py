"""Finding out which GitHub account somebody has: the device flow of the GitHub App.

GitHub gives a short code, which the person enters on GitHub's own page. The token that comes of it is used
once, to read whose it is, and dropped: nothing is ever done with a person's own rights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from bot.forge.errors import ForgeRefused, ForgeUnavailable
from bot.forge.github import web_address
from bot.forge.github_app import SECONDS, translated
from memory.workspaces.accounts import Account

if TYPE_CHECKING:
    from memory.log.events import Json

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkBegun:
    """What the person does next, and the code with which GitHub is asked whether they did."""

    address: str
    user_code: str
    device_code: str
    seconds: float
    """Until both codes end."""


class GitHubLinking:
    """Asks GitHub who somebody is. `client_id` is the app's; no secret is needed."""

    def __init__(self, *, api_url: str, client_id: str) -> None:
        self._api_url = api_url.removesuffix("/")
        self._client_id = client_id
        self.server = web_address(api_url)

    def begin(self) -> LinkBegun:
        """Let GitHub give a code. Raises `ForgeRefused`, `ForgeUnavailable`."""
        told = self._post("login/device/code", client_id=self._client_id)
        match told:
            case {"device_code": str(code), "user_code": str(shown), "verification_uri": str(address)}:
                seconds = float(told.get("expires_in", 900))
                return LinkBegun(address=address, user_code=shown, device_code=code, seconds=seconds)
            case _:
                raise ForgeRefused(_refusal(told))

    def finish(self, device_code: str) -> Account | None:
        """Who entered the code; None while nobody has. Raises `ForgeRefused`, `ForgeUnavailable`."""
        told = self._post(
            "login/oauth/access_token",
            client_id=self._client_id,
            device_code=device_code,
            grant_type=GRANT,
        )
        match told:
            case {"access_token": str(token)}:
                return self._owner(token)
            case {"error": "authorization_pending" | "slow_down"}:
                return None
            case _:
                raise ForgeRefused(_refusal(told))

    def _owner(self, token: str) -> Account:
        from github import Auth, Github  # noqa: PLC0415 - half a second, needed by whoever links alone

        with (
            translated("your account"),
            Github(auth=Auth.Token(token), base_url=self._api_url, timeout=SECONDS, retry=None) as client,
        ):
            user = client.get_user()
            return Account(number=user.id, login=user.login)

    def _post(self, path: str, **given: str) -> Json:
        import requests  # noqa: PLC0415 - as above

        with translated("your account"):
            answer = requests.post(
                f"{self.server}/{path}",
                data=given,
                headers={"Accept": "application/json"},
                timeout=SECONDS,
                allow_redirects=False,
            )
        if answer.status_code >= 500 or answer.status_code == 429:
            raise ForgeUnavailable(f"GitHub answers {answer.status_code} when an account is to be linked")
        told = answer.json() if "json" in answer.headers.get("content-type", "") else parse_qs(answer.text)
        return told if isinstance(told, dict) else {}


def _refusal(told: Json) -> str:
    match told:
        case {"error": "expired_token"}:
            return "the code has ended"
        case {"error": "access_denied"}:
            return "it was declined on GitHub's page"
        case {"error": "device_flow_disabled"}:
            return "the GitHub App does not allow the device flow, which whoever runs me can switch on"
        case {"error": str(error)}:
            return f"GitHub answers {error}"
        case _:
            return "GitHub's answer cannot be read"
