"""Canned responses: what they are, how they are found, filled in, learned and checked."""
