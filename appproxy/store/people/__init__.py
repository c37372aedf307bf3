"""Identity providers, users, groups, sessions."""
