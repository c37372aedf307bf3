"""Twisted's part that both ends share: TLS, pausing, coarse timers."""
