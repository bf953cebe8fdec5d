"""Checks: pure functions from a snapshot to findings, each declared together with what it means.

Here belong rules that yield findings. Not here: reading what they look at, and showing what they find.
"""
