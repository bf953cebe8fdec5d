"""The roster for people and programs."""

from collections.abc import Sequence

from supops.models.findings import Finding
from supops.models.roster import Focus, Member, Skill, ZendeskIdentity
from supops.render.audits import finding_json, findings_table
from supops.render.machine import Json
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.render.text import count

ROSTER_SCHEMA = "supops.roster/1"
MEMBER_SCHEMA = "supops.member/1"
CHECK_SCHEMA = "supops.roster-check/1"


def members_table(title: str, members: Sequence[Member]) -> Table:
    """Return members, one a row."""
    rows: list[list[Value]] = [
        [member.name, member.email, member.region, member.is_us_government_agent, _focus_text(member.focuses)]
        for member in members
    ]
    return Table(title, ("name", "email", "region", "us-gov", "focuses"), rows)


def member_blocks(members: Sequence[Member]) -> list[Block]:
    """Return all that the roster says of members, with the lines of their files."""
    blocks: list[Block] = []
    for member in members:
        blocks.append(Heading(member.name, [Cell(member.file, "dim")]))
        blocks.append(Table("", ("key", "value", "line"), _member_rows(member)))
    return blocks


def check_blocks(findings: Sequence[Finding], member_count: int) -> list[Block]:
    """Return what is wrong with the roster."""
    line = f"{count(member_count, 'member')}, {count(len(findings), 'finding')}"
    return [Heading("Roster", [Cell(line)]), findings_table(findings)]


def members_json(members: Sequence[Member]) -> Json:
    """Return members as ``supops.roster/1``."""
    return {"schema": ROSTER_SCHEMA, "members": [member_json(member) for member in members]}


def shown_json(members: Sequence[Member]) -> Json:
    """Return what was found for one email as ``supops.member/1``."""
    return {"schema": MEMBER_SCHEMA, "members": [member_json(member) for member in members]}


def check_json(findings: Sequence[Finding], member_count: int) -> Json:
    """Return what is wrong with the roster as ``supops.roster-check/1``."""
    return {
        "schema": CHECK_SCHEMA,
        "counts": {"members": member_count, "findings": len(findings)},
        "findings": [finding_json(finding) for finding in findings],
    }


def member_json(member: Member) -> Json:
    """Return a member, with the keys of the roster's files."""
    return {
        "name": member.name,
        "email": member.email,
        "title": member.title,
        "entity": member.entity,
        "reports_to": member.reports_to,
        "pronouns": member.pronouns,
        "working_hours": member.working_hours,
        "region": member.region,
        "location": member.location,
        "country": member.country,
        "tzdata_timezone": member.tzdata_timezone,
        "start_date": member.start_date.isoformat() if member.start_date else None,
        "calendly": member.calendly,
        "languages": list(member.languages),
        "modules": list(member.modules),
        "pagerduty": {"id": member.pagerduty.id},
        "gitlab": {"id": member.gitlab.id, "username": member.gitlab.username},
        "slack": {"id": member.slack.id, "username": member.slack.username},
        "focuses": [_focus_json(focus) for focus in member.focuses],
        "zendesk": {key: _identity_json(identity) for key, identity in member.zendesk.items()},
        "knowledge_areas": [_skill_json(skill) for skill in member.knowledge_areas],
        "product_categories": [_skill_json(skill) for skill in member.product_categories],
        "us_government_agent": member.is_us_government_agent,
        "source": {"file": member.file, "line": member.line_of("name")},
    }


def _focus_json(focus: Focus) -> Json:
    return {
        "name": focus.name,
        "percentage": focus.percentage,
        "zendesk": focus.zendesk,
        "organizations": [{"id": one.id, "percentage": one.percentage} for one in focus.organizations],
    }


def _identity_json(identity: ZendeskIdentity) -> Json:
    robin = identity.round_robin
    return {
        "id": identity.id,
        "role": identity.role,
        "groups": list(identity.groups),
        "alias": identity.alias,
        "show_in_signature": {"gitlab_handle": identity.shows_gitlab_handle},
        "salutations": list(identity.salutations),
        "round_robin": {"active": robin.active, "modifier": robin.modifier} if robin else None,
    }


def _skill_json(skill: Skill) -> Json:
    return {"name": skill.name, "level": skill.level}


def _focus_text(focuses: Sequence[Focus]) -> str:
    return ", ".join(f"{focus.name or '?'} {focus.percentage or 0:g} %" for focus in focuses)


def _skill_text(skills: Sequence[Skill]) -> str:
    return ", ".join(f"{skill.name} {skill.level}" for skill in skills)


def _member_rows(member: Member) -> list[list[Value]]:
    values: list[tuple[str, str | None]] = [
        (key, getattr(member, key))
        for key in (
            "name",
            "email",
            "title",
            "entity",
            "reports_to",
            "pronouns",
            "working_hours",
            "region",
            "location",
            "country",
            "tzdata_timezone",
        )
    ]
    values += [
        ("start_date", member.start_date.isoformat() if member.start_date else None),
        ("calendly", member.calendly),
        ("languages", ", ".join(member.languages)),
        ("modules", ", ".join(member.modules)),
        ("gitlab", member.gitlab.username),
        ("slack", member.slack.username),
        ("pagerduty", member.pagerduty.id),
        ("focuses", _focus_text(member.focuses)),
    ]
    for key, identity in member.zendesk.items():
        parts = [
            "no id" if identity.id is None else f"id {identity.id}",
            f"role {identity.role or 'not said'}",
            f"groups {', '.join(identity.groups)}" if identity.groups else "no groups",
        ]
        values.append((f"zendesk.{key}", "; ".join(parts)))
    values += [
        ("knowledge_areas", _skill_text(member.knowledge_areas)),
        ("product_categories", _skill_text(member.product_categories)),
        ("US Government agent", "yes" if member.is_us_government_agent else "no"),
    ]
    rows: list[list[Value]] = [[key, value, member.lines.get(key)] for key, value in values]
    return rows
