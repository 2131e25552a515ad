"""What happened: the events of a session, what they add up to, and the log that keeps them.

Start reading at `memory.log.events`, then `memory.log.session_log` for how they are kept.
"""
