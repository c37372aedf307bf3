"""Streams are ended one after the other where a node, or a connector, is about to go."""
