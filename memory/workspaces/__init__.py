"""What is known of a workspace beside its sessions: channels, settings, accounts, schedules, what is due.

One table a file; start reading at `memory.workspaces.channels`.
"""
