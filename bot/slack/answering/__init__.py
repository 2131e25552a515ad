"""Commands, buttons, menus, the App Home: each behind the gate, each answered to who asked.

Start reading at `bot.slack.answering.commands`.
"""
