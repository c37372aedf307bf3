"""The doctor at the service: the walk from its settings to its listeners, and each thing that it looks at on the way."""
