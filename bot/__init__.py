"""The brain: hears Slack, thinks with the model, acts through the sandbox, and keeps nothing of its own.

It may import `memory` and `sandbox`, which never import it. Start reading at `bot.brain.decide` for what it
does, then `bot.compose` for how it is put together.
"""
