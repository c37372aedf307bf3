"""OpenID Connect messages, claims, sealed cookies and sessions: pure."""
