"""The nightly import: one file in, its orders and their sum out."""

import json
import sys
from pathlib import Path

from orders.rows import read_order


def import_orders(path):
    """All orders of an export, in its order. Blank lines are skipped."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [read_order(json.loads(line)) for line in lines if line.strip()]


def main():
    """Import the file named on the command line and say what came in."""
    orders = import_orders(sys.argv[1])
    print(f"{len(orders)} orders, {sum(order.total for order in orders)} EUR")


if __name__ == "__main__":
    main()
