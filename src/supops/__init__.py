"""supops: one command for the daily work of a Customer Support Operations team."""

__version__ = "0.1.0"
