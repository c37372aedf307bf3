"""What a session is after its sign-in: renewed, shown, ended."""
