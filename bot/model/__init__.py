"""The thinking: the port of a model, the Anthropic adapter and the scripted model.

May import `memory.events` and nothing else of the project. Start reading at `bot.model.port`.
"""
