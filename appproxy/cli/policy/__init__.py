"""Commands about policies and risk."""
