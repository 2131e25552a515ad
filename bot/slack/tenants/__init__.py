"""Workspaces that installed the app: how they install it, their tokens, and one address for all.

Start reading at `bot.slack.tenants.installing`.
"""
