"""The service as a client of OpenID Connect providers."""
