import unittest
from datetime import datetime, timezone
from decimal import Decimal

from orders.rows import read_order


def row(**fields):
    return {"number": "L-1", "total": "10.00", "placed_at": "2026-11-03T09:00:00", "tz": "+01:00", **fields}


class ReadOrder(unittest.TestCase):
    def test_the_total_is_exact(self):
        self.assertEqual(read_order(row(total="0.10")).total, Decimal("0.10"))

    def test_a_local_time_becomes_utc(self):
        self.assertEqual(read_order(row()).placed_at, datetime(2026, 11, 3, 8, 0, tzinfo=timezone.utc))

    def test_a_row_without_a_time_zone_is_in_utc(self):
        bare = row()
        del bare["tz"]
        self.assertEqual(read_order(bare).placed_at, datetime(2026, 11, 3, 9, 0, tzinfo=timezone.utc))
