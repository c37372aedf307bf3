"""What has no end by itself, WebSockets and event streams: where it can be ended so that the other end understands."""
