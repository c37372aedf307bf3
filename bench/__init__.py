"""The benchmark: the product beside two nginx hops with mutual TLS, in turn, on one machine."""
