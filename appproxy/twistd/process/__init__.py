"""A process: its start, its log, its successor."""
