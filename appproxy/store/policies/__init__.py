"""Policies, named locations and authentication strengths as they are kept, and who is exempt from policies."""
