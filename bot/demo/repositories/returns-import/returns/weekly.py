"""The weekly import: one list in, the number of returns per reason out."""

import sys
from collections import Counter
from pathlib import Path

from returns.parcels import read_returns


def per_reason(path):
    """How many parcels came back for each reason."""
    with Path(path).open(encoding="utf-8", newline="") as lines:
        return Counter(parcel.reason for parcel in read_returns(lines))


def main():
    """Import the list named on the command line and say what came back."""
    for reason, number in per_reason(sys.argv[1]).most_common():
        print(f"{number:5} {reason}")


if __name__ == "__main__":
    main()
