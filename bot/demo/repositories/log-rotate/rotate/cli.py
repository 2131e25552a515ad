"""The command line."""

import argparse
from pathlib import Path

from rotate.retention import remove_expired


def main():
    """Remove what is beyond the newest archives and name it."""
    parser = argparse.ArgumentParser(description="Keep the newest archives of a log.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=int, default=7)
    arguments = parser.parse_args()
    for name in remove_expired(arguments.folder, arguments.keep):
        print(f"removed {name}")


if __name__ == "__main__":
    main()
