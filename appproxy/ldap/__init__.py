"""The part of LDAP (RFC 4511) that asking a directory needs: bind, search, StartTLS. Messages to bytes and back."""
