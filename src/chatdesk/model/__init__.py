"""What exists: records, commands, queries, events, ids and the one error tree; no behaviour."""
