import unittest

from cart.lines import Line
from cart.totals import cart_total, discount, line_total


class Discount(unittest.TestCase):
    def test_half_a_cent_is_rounded_up(self):
        self.assertEqual(discount(50, 5), 3)

    def test_all_of_it_is_free(self):
        self.assertEqual(line_total(Line("mug", 995, discount_percent=100)), 0)


class Totals(unittest.TestCase):
    def test_without_a_discount_it_is_price_times_quantity(self):
        self.assertEqual(line_total(Line("pencil", 49, quantity=12)), 588)

    def test_a_discount_is_rounded_once_per_line(self):
        self.assertEqual(line_total(Line("pencil", 49, quantity=12, discount_percent=10)), 529)

    def test_a_cart_is_the_sum_of_its_lines(self):
        lines = [Line("pencil", 49, quantity=12, discount_percent=10), Line("mug", 995)]
        self.assertEqual(cart_total(lines), 1524)
