"""What was done, what it cost and how available it was.

Start reading at `memory.statistics.statistics`.
"""
