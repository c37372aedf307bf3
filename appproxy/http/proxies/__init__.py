"""Proxies on the way: how one is asked for a tunnel, what one says of a connection, and which are believed."""
