"""What was learned: how solutions are made from turns, grounded, cut, counted, kept, corrected, withdrawn.

Start reading at `memory.solutions.solution`.
"""
