"""Sign-in and sign-out, with any OpenID Connect provider."""
