"""The machine: a command goes in with the time, changed records and events come out."""
