"""Choosing the repository of a session: by words and settings, else by the model, else by the thread."""

from __future__ import annotations

from collections.abc import Sequence

from bot.brain.approving import approvers
from bot.brain.claimed import Claimed
from bot.brain.preferences import Preferences
from bot.brain.repository_choice import classification, classified_as, last_said
from bot.forge.repository import Chosen, Repository, Undecided, choose
from bot.model.port import Model, ModelCancelled, ModelError, ModelRequest
from memory.log.repository_events import RepositoryAsked, RepositoryClassified
from memory.log.session import Session
from memory.log.usage import Usage

MAX_TOKENS = 2_000
"""Of the answer, with the thinking before it: the answer itself is one name."""


class Choosing:
    """The repositories that sessions may work on, and the model that is asked which of them is meant."""

    def __init__(self, model: Model, allowed: Sequence[Repository]) -> None:
        self._model = model
        self._allowed = tuple(allowed)

    def meant(self, session: Session, default: str | None) -> Chosen | Undecided | None:
        """What words and settings say now; `default` is the channel's, by name."""
        messages = (message.text for message in session.messages if not message.withdrawn)
        return choose(messages, self._allowed, default=default)

    def classify(self, claimed: Claimed, wishes: Preferences) -> None:
        """Ask the model once, and record what it says; no answer counts as not knowing."""
        session = claimed.session
        system, message, schema = classification(session, self._allowed)
        wanted = ModelRequest(
            system=system,
            tools=(),
            messages=(message,),
            max_tokens=MAX_TOKENS,
            model=wishes.model,
            effort="low",
            schema=schema,
        )
        repository, problem, usage = None, "", Usage()
        model = wishes.model or self._model.name
        try:
            with claimed.effect("model"):
                response = self._model.respond(
                    wanted, on_text=lambda _: None, cancelled=claimed.stop.abandoned
                )
            model, usage = response.model, response.usage
            text = "".join(block["text"] for block in response.blocks if block["type"] == "text")
            repository = classified_as(text, self._allowed)
        except ModelCancelled:
            claimed.catch_up()
            return
        except (ModelError, ValueError) as error:
            problem = str(error)
        claimed.append(
            RepositoryClassified(
                repository=repository,
                through=last_said(session),
                model=model,
                usage=usage,
                problem=problem,
            )
        )

    def ask(self, claimed: Claimed, undecided: Undecided) -> None:
        """Record the question to the people who have spoken in the thread."""
        session = claimed.session
        likely = [repository.name for repository in undecided.likely]
        event = RepositoryAsked(
            number=len(session.choice.asked) + 1,
            turn=session.turn,
            likely=tuple(likely),
            others=tuple(it.name for it in self._allowed if it.name not in likely),
            refused=undecided.refused,
            choosers=approvers(session),
        )
        claimed.append(event)
