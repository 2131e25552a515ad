"""Finding again what was learned: the query, who may see what, the ranking and how it learns.

Start reading at `memory.recall.recall`.
"""
