"""Pages of the service itself: connectors, nodes, limits, the audit, its looks and its configuration."""
