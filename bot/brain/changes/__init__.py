"""The way of a change from the workspace into a draft pull request.

Start reading at `bot.brain.changes.publishing`.
"""
