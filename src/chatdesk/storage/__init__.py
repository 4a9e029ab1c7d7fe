"""Durable homes of a desk's records: the port, and its adapters."""
