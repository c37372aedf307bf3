"""What the service as a whole keeps: settings, brand, keys, audit."""
