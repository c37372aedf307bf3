"""The service's ends of the tunnel: where connectors arrive."""
