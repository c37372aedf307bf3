"""What becomes of one request at both ends, as OpenTelemetry tells it: trace contexts, spans, and their bytes."""
