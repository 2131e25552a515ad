"""Accounts of the GitHub stand-in: who exists, the device flow, and the tokens that come of it."""

from __future__ import annotations

from secrets import token_hex
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

from memory.log.events import Json
from tests.support.github_state import Refused

CLIENT_ID = "Iv1.0123456789abcdef"


class GitHubAccounts:
    """People with accounts, and the codes that they may enter."""

    def __init__(self, web: str) -> None:
        self._web = web
        self._numbers: dict[str, int] = {}
        self._codes: dict[str, tuple[str, str | None]] = {}
        """Device codes: what is shown to people, and who entered it; an empty name declined."""
        self.tokens: dict[str, int] = {}
        """User tokens that were given out, and whose they are."""

    def add(self, login: str) -> int:
        """Somebody gets an account; gives its number."""
        self._numbers[login] = 1000 + len(self._numbers)
        return self._numbers[login]

    def rename(self, login: str, new: str) -> None:
        """An account is called otherwise from now on; whoever likes may take the old name."""
        self._numbers[new] = self._numbers.pop(login)

    def enter(self, user_code: str, login: str | None) -> None:
        """Somebody enters a code on GitHub's page, or declines (None)."""
        [device] = [code for code, (shown, _) in self._codes.items() if shown == user_code]
        self._codes[device] = (user_code, login or "")

    def end_codes(self) -> None:
        """A quarter of an hour passes."""
        self._codes.clear()

    def device(self, body: bytes) -> Response:
        """POST login/device/code."""
        if _form(body).get("client_id") != CLIENT_ID:
            return JSONResponse({"error": "incorrect_client_credentials"})
        device, shown = token_hex(20), f"{token_hex(2)}-{token_hex(2)}".upper()
        self._codes[device] = (shown, None)
        return JSONResponse(
            {
                "device_code": device,
                "user_code": shown,
                "verification_uri": f"{self._web}/login/device",
                "expires_in": 900,
                "interval": 5,
            }
        )

    def access_token(self, body: bytes) -> Response:
        """POST login/oauth/access_token."""
        given = _form(body)
        if given.get("grant_type") != "urn:ietf:params:oauth:grant-type:device_code":
            return JSONResponse({"error": "unsupported_grant_type"})
        match self._codes.get(given["device_code"]):
            case None:
                return JSONResponse({"error": "expired_token"})
            case (_, None):
                return JSONResponse({"error": "authorization_pending"})
            case (_, ""):
                return JSONResponse({"error": "access_denied"})
            case (_, str(login)):
                del self._codes[given["device_code"]]
                token = f"ghu_{token_hex(18)}"
                self.tokens[token] = self._numbers[login]
                return JSONResponse({"access_token": token, "token_type": "bearer", "scope": ""})

    def user(self, number: int | None) -> Response:
        """GET user, or user/number."""
        login = next((name for name, known in self._numbers.items() if known == number), None)
        if login is None:
            raise Refused(404, "Not Found")
        shown: Json = {"login": login, "id": number, "type": "User", "url": f"{self._web}/users/{login}"}
        return JSONResponse(shown)


def _form(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}
