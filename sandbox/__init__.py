"""The hands: a workspace per session in which commands run and files change, fenced off from the bot and
its host.

It imports the standard library alone, neither `bot` nor `memory`; a backend's SDK in that backend's file.
Start reading at `port` (the contract), then `local` (the workspace on this machine) and `supervisor` (the
process that runs one command and outlives the bot). `remote` makes sandboxes of machines elsewhere, with an
agent in each that is this package again (`inside`).
"""
