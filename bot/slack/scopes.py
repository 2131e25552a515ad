"""The scopes that the code needs, each with what it is for. None of them reads a private place."""

SCOPES = (
    "app_mentions:read",  # mentions
    "channels:history",  # replies in threads, edits, deletions; looking for a post before it is made again
    "channels:read",  # what kind of channel it is
    "chat:write",  # answers, progress, permalinks
    "commands",  # /oxbow
    "reactions:read",  # a cross stops, a check mark confirms
    "reactions:write",  # the eyes on a mention
    "users:read",  # names; who is a guest, a bot, or of another workspace
)
