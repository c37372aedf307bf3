"""OpenID Connect: messages, tokens and claims."""
