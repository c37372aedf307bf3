"""Twisted's part that both ends share: TLS, pausing, coarse timers, lines of logs, resources of twisted.web."""
