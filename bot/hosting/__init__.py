"""Serving several workspaces that installed the app by OAuth.

Start reading at `bot.hosting.hosting`.
"""
