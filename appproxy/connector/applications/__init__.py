"""The applications that a connector serves: where each is, and with what of the connector's own its requests go there."""
