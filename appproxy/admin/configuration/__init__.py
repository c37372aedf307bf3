"""All configuration as one document: what is there, what somebody wants, what differs, and the calls that make it so."""
