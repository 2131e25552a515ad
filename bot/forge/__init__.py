"""The forge: repositories on the trusted side.

May run git, with everything that could execute a repository's code switched off. Start reading at
`repository`.
"""
