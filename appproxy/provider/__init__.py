"""The built-in OpenID Connect identity provider."""
