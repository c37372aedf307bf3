"""An open, self-hosted application proxy: internal web applications from anywhere, with no inbound port."""

__version__ = "0.1.0"
