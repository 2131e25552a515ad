"""The thinking: the port of a model, its Anthropic adapter, and a scripted model that plays recordings.

Of the rest of the project it may import `memory.log.events` alone; the SDK is imported by
`bot.model.anthropic`, with its first call. Start reading at `bot.model.port`.
"""
