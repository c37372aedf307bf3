"""What the pages of a sign-in know of a request."""
