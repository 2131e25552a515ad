"""Texts as vectors: the embedder, its process, and whose turn it is.

Start reading at `memory.embedding.embedder`.
"""
