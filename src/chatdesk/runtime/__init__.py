"""The runtime: takes turns at the store for everybody who waits, answers, publishes, ticks."""
