"""The product's own HTML pages: templates, branding and the headers they are sent with."""
