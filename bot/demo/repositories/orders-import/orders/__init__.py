"""The nightly import of orders."""
