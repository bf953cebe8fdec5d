"""Simulated platforms, served over real HTTP on loopback, for ``--demo`` and for tests.

Here belong the platforms as their vendors describe them, quirks included, and one seeded story. The sandbox imports nothing
of the rest of supops and nothing but the standard library, so that a misreading of a vendor's API can't hide in both. Not
here: anything that a command needs when it talks to a real platform.
"""
