"""The connector's ends of the tunnel."""
