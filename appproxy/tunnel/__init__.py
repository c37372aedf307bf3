"""The tunnel protocol without input or output: frames, messages, connections, exchanges, retry."""
