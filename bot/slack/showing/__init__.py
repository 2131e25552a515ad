"""What people see: pure functions from state to blocks and text.

Start reading at `bot.slack.showing.rendering`.
"""
