"""The store as the list of applications at `apps.DOMAIN` sees it."""
