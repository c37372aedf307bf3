"""Who vouches for devices."""
