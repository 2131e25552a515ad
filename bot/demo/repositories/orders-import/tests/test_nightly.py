import unittest
from pathlib import Path

from orders.nightly import import_orders

EXPORTS = Path(__file__).parent.parent / "exports"


class ImportOrders(unittest.TestCase):
    def test_every_row_of_the_export_comes_in(self):
        numbers = [order.number for order in import_orders(EXPORTS / "2026-11-03.jsonl")]
        self.assertEqual(numbers, ["L-1007", "L-1008", "P-0311"])
