"""`appproxy doctor`: what it looks at, and its findings."""
