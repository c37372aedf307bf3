"""Pages of people: users, groups and sessions."""
