"""What is masked before it is kept.

Start reading at `memory.secrets.mask`.
"""
