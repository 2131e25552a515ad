"""Threads that people bring: exports, files, living channels, and how they become solutions.

Start reading at `memory.imports.importing`.
"""
