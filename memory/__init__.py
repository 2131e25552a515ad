"""The durable half: the session log (what happened) and the solutions (what was learned), in one Postgres.

It imports neither `bot` nor `sandbox`, and nothing else in the product imports SQLAlchemy. Start reading at
`memory.log.events` for what a session is made of, then `memory.log.session_log` for how it is kept.
"""
