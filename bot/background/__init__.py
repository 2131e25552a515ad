"""What nobody waits for: done each night or week, or swept.

Start reading at `bot.background.periodic`.
"""
