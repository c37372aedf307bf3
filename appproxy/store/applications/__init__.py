"""Published applications: settings, URLs, assignments."""
