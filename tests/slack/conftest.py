"""The fixtures of the Slack side's tests."""

from tests.slack.fixtures import slack

__all__ = ["slack"]
