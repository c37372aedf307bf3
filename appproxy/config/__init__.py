"""Settings as frozen values, read from TOML; errors name the key."""
