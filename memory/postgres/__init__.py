"""The included Postgres: its server, its programs, and what a server says of itself.

Start reading at `memory.postgres.server`.
"""
