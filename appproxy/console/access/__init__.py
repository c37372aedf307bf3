"""Pages of what may be opened, and by whom: applications and policies."""
