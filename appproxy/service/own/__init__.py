"""What the service answers itself or does for itself: pages, control end points, metrics, certificates, logs."""
