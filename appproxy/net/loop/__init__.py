"""The reactor, and what happens in its turns."""
