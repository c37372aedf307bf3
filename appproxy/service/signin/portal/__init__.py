"""What the list of applications at `apps.DOMAIN` is made of: entries, logos, forms."""
