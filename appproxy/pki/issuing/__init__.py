"""What we issue, and what is asked of us: the authority, certificate requests, certificates of devices and for providers."""
