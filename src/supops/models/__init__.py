"""Nouns: frozen dataclasses that every layer may use.

Here belong values and what follows from one value alone. Not here: anything that reads, writes, asks or prints.
"""
