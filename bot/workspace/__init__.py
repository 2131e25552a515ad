"""The local workspace: a small Slack, served on loopback, that speaks Slack's wire protocol to the app.

It lets `make run` show everything without a Slack workspace, and lets tests run the real app against real
HTTP and real websockets: Web API, Socket Mode, signed events, commands, buttons, views, response addresses,
Slack's limits and errors, and faults on order. Nothing here knows Oxbow's inside: it imports neither Slack
packages nor any other part of `bot`.

Start reading at `bot.workspace.local`; then `world` (what can happen), `outbox` (how the app hears of it) and
`web_api` (what the app may do).
"""
