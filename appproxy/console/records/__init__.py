"""Pages of things that are listed, shown, added, changed and removed: made of a table of what they are."""
