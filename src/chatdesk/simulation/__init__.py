"""Desks in virtual time, and the queueing theory that says what to expect of them."""
