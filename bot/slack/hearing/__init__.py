"""What comes in from Slack: deliveries, messages, files, and what was missed.

Start reading at `bot.slack.hearing.listener`.
"""
