"""How it goes: pure functions and policies, one subject a file."""
