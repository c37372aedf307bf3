"""Connections of connectors, from their handshake to their end: what moves frames, for one connection at a time."""
