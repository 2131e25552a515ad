"""Slack, both ways: what was said into the log before Slack is answered, and what is posted in threads.

The only package that may import `slack_bolt` and `slack_sdk`; of the project it imports `memory`, the
settings and, to show a session, parts of `bot.brain` and `bot.model`. Start reading at
`bot.slack.hearing.listener`, then `bot.slack.gate` (where it may work) and `bot.slack.showing.rendering`
(what people see).
"""
