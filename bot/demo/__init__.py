"""The demonstration: recorded problems and the sample repositories they are played against.

May import `bot.model` and `bot.forge`. Start reading at `bot.demo.problems`.
"""
