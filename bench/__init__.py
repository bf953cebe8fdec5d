"""Benchmarks: each measures a ratio of two things in one run, against a bound."""
