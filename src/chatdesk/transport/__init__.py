"""Between a desk and its clients: frames, the codec, the session without I/O, tokens, signals."""
