"""What a session does next, and the doing of it: fold, decide, perform, again, until there is rest.

It may import `memory`, the sandbox's port, `bot.model`, `bot.forge` and what speaks in `bot.slack`, never a
Slack package. Start reading at `bot.brain.decide` (the rules), then `bot.brain.brain` (the loop).
"""
