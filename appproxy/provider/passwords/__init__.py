"""Passwords: which are taken, how they are checked beside the traffic, and what guessing comes to."""
