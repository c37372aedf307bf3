"""The rules of OAuth 2 and OpenID Connect: who may ask, what is granted, what is signed."""
