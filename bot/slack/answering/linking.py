"""`/oxbow link`: whose account on GitHub is whose, said by GitHub and bound to the Slack user who asks.

The attempt is kept under the user whom Slack names in the command, and looked up under the user whom Slack
names in the press of the button: nothing in a message decides whose it is.
"""

from __future__ import annotations

from bot.forge.errors import ForgeError, ForgeUnavailable
from bot.forge.github_linking import GitHubLinking
from bot.slack.answering.decisions import Answer
from bot.slack.showing.rendered import Rendered, actions, button, context, escape, plain, section
from memory.workspaces.accounts import Accounts, AccountTaken

ENTERED = "oxbow_link_entered"
"""Action id of the button under the code."""

NOWHERE = (
    "No accounts are linked here. Whoever runs me sets GITHUB_CLIENT_ID, and switches the device flow of the "
    "GitHub App on."
)
NOT_BEGUN = "You have nothing to finish. `/oxbow link` begins."
PENDING = "GitHub has not seen your code yet. Enter it there, then press the button again."


class Linking:
    """Links accounts. Everything it says is for the person alone."""

    def __init__(self, accounts: Accounts | None, github: GitHubLinking | None) -> None:
        self._accounts = accounts
        self._github = github

    def begin(self, by: str) -> Rendered:
        """The next step for whoever asks; who is linked already is told so."""
        if self._accounts is None or self._github is None:
            return plain(NOWHERE)
        account = self._accounts.of(by)
        if account is not None:
            return plain(f"You are linked with *{escape(account.login)}*. `/oxbow unlink` takes that back.")
        try:
            begun = self._github.begin()
        except ForgeError as error:
            return plain(f"That does not work now: {escape(str(error))}.")
        self._accounts.begin(by, begun.device_code, seconds=begun.seconds)
        minutes, code = round(begun.seconds / 60), f"`{escape(begun.user_code)}`"
        return Rendered(
            text=f"Enter {begun.user_code} at {begun.address}",
            blocks=(
                section(f"Enter {code} at {escape(begun.address)} within {minutes} minutes."),
                actions(button("I entered it", action=ENTERED, value="entered", style="primary")),
                context(
                    "The code is for you alone: whoever enters it links their account with you. I read the "
                    "name of the account and keep nothing else."
                ),
            ),
        )

    def finish(self, by: str) -> Answer:
        """What became of the attempt of whoever pressed the button."""
        code = self._accounts.attempt(by) if self._accounts is not None else None
        if self._accounts is None or self._github is None or code is None:
            return Answer(rendered=plain(NOT_BEGUN), replaces=True)
        try:
            account = self._github.finish(code)
            if account is None:
                return Answer(rendered=plain(PENDING), replaces=False)
            self._accounts.link(by, account)
        except ForgeUnavailable as error:
            return Answer(rendered=plain(f"{escape(str(error))}. Press the button again."), replaces=False)
        except ForgeError as error:
            told = f"Nothing was linked: {escape(str(error))}. `/oxbow link` begins anew."
            return Answer(rendered=plain(told), replaces=True)
        except AccountTaken:
            told = "Nothing was linked: that account belongs to somebody else here."
            return Answer(rendered=plain(told), replaces=True)
        told = f":link: You are linked with *{escape(account.login)}*, and I push for you where it may write."
        return Answer(rendered=plain(told), replaces=True)

    def unlink(self, by: str) -> Rendered:
        """The account is theirs no more."""
        done = self._accounts is not None and self._accounts.unlink(by)
        return plain("Your account is no longer linked." if done else "No account of yours is linked.")
