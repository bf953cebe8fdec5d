"""Waivers, and how they stand in a file."""

from datetime import date

from supops.models.waivers import Waiver

CHECKS = ("light-agent", "suspended-agent", "unreadable-roster-file")
ONE = """\
- check: light-agent
  subject: jo@example.com
  reason: is trained
  owner: Sam
  expires: 2027-03-31
"""
JO = Waiver("light-agent", "jo@example.com", "is trained", "Sam", date(2027, 3, 31), "waivers.yaml", 1)
NEW = Waiver("suspended-agent", "lee@example.com", "on leave", "Sam", date(2027, 6, 30))
ADDED = """\
- check: suspended-agent
  subject: lee@example.com
  reason: on leave
  owner: Sam
  expires: 2027-06-30
"""
