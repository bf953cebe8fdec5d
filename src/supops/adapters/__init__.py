"""Platforms: the only place that knows a vendor's URLs, JSON and files.

Here belong the implementations of the services' ports, and what they share to talk HTTP and read files. Not here: decisions
about agents, bookings, licenses or issues, words for people beyond an error and its hint, and settings.
"""
