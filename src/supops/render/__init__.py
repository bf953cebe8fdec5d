"""What people and programs see: colours, columns and words.

Here belong the ways to show a report: tables, JSON, CSV, Markdown; and the terminal itself. Not here: deciding what is in a
report.
"""
