"""How well it finds, by judged data.

Start reading at `memory.evaluation.measuring`.
"""
