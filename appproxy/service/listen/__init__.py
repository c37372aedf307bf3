"""Ports, TLS and versions of HTTP: what answers on each listener."""
