"""Second factors of the built-in provider's users: apps that show codes, passkeys, recovery codes."""
