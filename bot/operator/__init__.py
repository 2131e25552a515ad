"""What operators run and read: commands, figures, examinations.

Start reading at `bot.operator.commands`.
"""
