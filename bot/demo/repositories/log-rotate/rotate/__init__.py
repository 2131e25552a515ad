"""Retention of log archives."""
