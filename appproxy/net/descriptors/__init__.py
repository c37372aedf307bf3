"""Descriptors: counted, passed on, taken over."""
