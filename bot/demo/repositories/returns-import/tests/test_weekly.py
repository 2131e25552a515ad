import unittest
from pathlib import Path

from returns.weekly import per_reason

LISTS = Path(__file__).parent.parent / "lists"


class PerReason(unittest.TestCase):
    def test_returns_are_counted_by_reason(self):
        self.assertEqual(per_reason(LISTS / "week-45.csv"), {"damaged": 2, "not given": 1})
