"""Who may pass: people with a session, programs with a token or a certificate."""
