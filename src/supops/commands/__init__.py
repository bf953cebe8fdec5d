"""The words that users type: each parses its options, calls one service, and hands the report to render.

Here belong options and how they go together. Not here: decisions, and the making of what is shown.
"""
