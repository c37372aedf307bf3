"""Requests on their way to connectors, and answers on their way back."""
