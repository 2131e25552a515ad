"""The product's own mask of secrets, made once for all tests: its rules are read in a third of a second."""

from __future__ import annotations

from functools import cache

from memory.secrets.mask import SecretMask


@cache
def secret_mask() -> SecretMask:
    """A mask without patterns of a workspace."""
    return SecretMask()


GITHUB_TOKEN = "ghp" + "_" + "R7dLqW2mXk9ZtB4vNc8YhJ3sPf6GaU1eoKiT"
"""Made up, and in two parts, so that no scanner takes this file for a leak."""
