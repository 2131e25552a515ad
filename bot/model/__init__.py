"""The thinking: the port of a model, its Anthropic adapter, and a scripted model that plays recordings.

It may import `memory.events` and nothing else of the project; the SDK is imported by `bot.model.anthropic`
alone, with its first call. Start reading at `bot.model.port`.
"""
