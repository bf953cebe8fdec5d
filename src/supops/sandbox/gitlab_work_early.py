"""The team's issues that nobody works on yet: in Triage, Planning, Scheduling and Queued."""

from supops.sandbox.gitlab_work_telling import (
    INES,
    LUIS,
    MARIA,
    NADIA,
    OLIVIA,
    PETER,
    TESSA,
    Said,
    Step,
    Told,
    history,
    kind,
    mark,
    stage,
)

TRIAGE = stage("Triage")
GAMEPLAN = (
    mark("gameplan") + "## Gameplan\n\n1. Copy the form.\n2. Add the fields.\n3. Ask two agents to try it."
)
BY_HAND = "## Gameplan\n\n- Turn the trigger off\n- Fix the condition\n- Turn it on, and watch it for a day"


def _approved(ago: float, *, approved: bool = True) -> Said:
    facts = mark("approval", approved=approved, congruent=True, level="", roadmap="aligned")
    return Said(
        ago, f"{facts}**Approval**: none is needed. It aligns with the roadmap, and is congruent with it."
    )


TRIAGED = (
    Told(
        1,
        "Refund macro shows the wrong currency",
        NADIA,
        0.3,
        "Agents in EMEA get dollars in the macro *Refund*, whatever the account pays in.",
        (Step(0.3, (TRIAGE,), NADIA),),
    ),
    Told(
        2,
        "Show the contract's end beside a ticket",
        INES,
        1.4,
        "We look it up by hand about 30 times a day.",
        (Step(1.4, (TRIAGE,), INES), Step(1.2, ("RequestType::Feature",))),
    ),
    Told(
        3,
        "A view of tickets that wait for Engineering",
        PETER,
        6,
        "So that nothing waits for weeks unseen.",
        (Step(6, (TRIAGE,), PETER), Step(5.5, kind("Feature", 3, "Engineering"))),
        (
            Said(5.4, "What should it be ordered by?", TESSA),
            Said(5.2, "By the time of the last answer.", PETER),
        ),
    ),
    Told(
        4,
        "Language of the requester in the agent's sidebar",
        NADIA,
        3,
        "It is in the user's profile, two clicks away.",
        (
            Step(3, (TRIAGE,), NADIA),
            Step(2, (*kind("Feature", 2, "Support"), "roadmap_item", "Approval::Not needed")),
        ),
        (_approved(2),),
    ),
    Told(
        5,
        "Trigger sends the survey twice",
        TESSA,
        1.1,
        "Since the change of last week. Steps: solve a ticket, reopen it, solve it again.",
        (Step(1.1, (TRIAGE,), TESSA), Step(0.9, kind("Bug", 1, "Support"))),
        (Said(0.8, "I can see it too, for organisations with two e-mail domains.", LUIS),),
    ),
    Told(
        6,
        "Remove the seats of those who left in autumn",
        MARIA,
        2,
        "Five people; the list is in the audit.",
        (Step(2, (TRIAGE,), MARIA), Step(1, kind("Administrative", 3, "Support"))),
    ),
)

PLANNED = (
    Told(
        8,
        "A form for questions about invoices",
        INES,
        9,
        "With the fields: invoice number, amount, question.",
        (
            Step(9, (TRIAGE,), INES),
            Step(8, (*kind("Feature", 2, "Finance"), "Approval::Not needed", "roadmap_item")),
            *history(("Planning", 3)),
        ),
        (_approved(8),),
        (TESSA,),
    ),
    Told(
        9,
        "Ask for the version when a ticket is opened",
        TESSA,
        12,
        "Half of our first answers ask for it.",
        (
            Step(12, (TRIAGE,), TESSA),
            Step(11, (*kind("Feature", 2, "Support"), "Approval::Not needed")),
            *history(("Planning", 6)),
        ),
        (_approved(11), Said(2, GAMEPLAN)),
        (OLIVIA,),
        weight=12,
    ),
    Told(
        10,
        "Satisfaction trigger fires on internal notes",
        LUIS,
        4,
        "It should fire on public answers only.",
        (Step(4, (TRIAGE,), LUIS), Step(3.5, kind("Bug", 2, "Support")), *history(("Planning", 3))),
        (Said(1, BY_HAND, LUIS),),
        (LUIS,),
    ),
    Told(
        11,
        "Sort contacts by region",
        NADIA,
        40,
        "For the handover between regions.",
        (
            Step(40, (TRIAGE,), NADIA),
            Step(38, (*kind("Feature", 4, "Field"), "Approval::Granted")),
            *history(("Planning", 20)),
        ),
        (
            Said(
                38,
                mark("approval", approved=True, congruent=False, level="manager", roadmap="aligned")
                + f"**Approval**: @{MARIA} approved it.",
            ),
        ),
    ),
)

SCHEDULED = (
    Told(
        12,
        "Hide closed organisations in the search app",
        TESSA,
        20,
        "They come first, and nobody wants them.",
        (
            Step(20, (TRIAGE,), TESSA),
            Step(19, (*kind("Feature", 3, "Support"), "Approval::Not needed")),
            *history(("Planning", 15), ("Scheduling", 4)),
        ),
        (_approved(19), Said(5, GAMEPLAN)),
        weight=8,
    ),
    Told(
        13,
        "Tag tickets of trial customers",
        NADIA,
        25,
        "Sales wants to answer those first.",
        (
            Step(25, (TRIAGE,), NADIA),
            Step(24, (*kind("Feature", 2, "Field"), "Approval::Not needed")),
            *history(("Planning", 20), ("Scheduling", 2)),
        ),
        (_approved(24), Said(6, GAMEPLAN, MARIA)),
        (MARIA,),
        week=1,
        month=1,
        weight=20,
    ),
    Told(
        14,
        "Rename the group of night shifts",
        MARIA,
        7,
        "It is called *Overnight* everywhere else.",
        (
            Step(7, (TRIAGE,), MARIA),
            Step(6, kind("Administrative", 4, "Support")),
            *history(("Scheduling", 5)),
        ),
        week=0,
        month=1,
    ),
)

QUEUED = (
    Told(
        15,
        "Autofill the product area from the subject",
        TESSA,
        30,
        "A list of words and areas is attached.",
        (
            Step(30, (TRIAGE,), TESSA),
            Step(29, (*kind("Feature", 3, "Support"), "Approval::Not needed")),
            *history(("Planning", 25), ("Scheduling", 12), ("Queued", 5)),
        ),
        (_approved(29), Said(13, GAMEPLAN)),
        (OLIVIA,),
        week=1,
        month=1,
        weight=15,
    ),
    Told(
        16,
        "Warn when an attachment is a private key",
        PETER,
        33,
        "It happened twice this quarter.",
        (
            Step(33, (TRIAGE,), PETER),
            Step(32, (*kind("Feature", 1, "Security"), "Approval::Not needed", "roadmap_item")),
            *history(("Planning", 28), ("Scheduling", 14), ("Queued", 9)),
        ),
        (_approved(32), Said(15, GAMEPLAN, TESSA)),
        (TESSA,),
        week=0,
        month=1,
        weight=42,
    ),
    Told(
        17,
        "Rotate the token of the dashboards",
        MARIA,
        15,
        "It ends with the month.",
        (
            Step(15, (TRIAGE,), MARIA),
            Step(14, kind("Administrative", 2, "Security")),
            *history(("Scheduling", 12), ("Queued", 8)),
        ),
        (),
        (LUIS,),
        week=0,
        month=1,
    ),
    Told(
        18,
        "Merge the two forms of Marketing",
        NADIA,
        45,
        "Nobody knows which of them to take.",
        (
            Step(45, (TRIAGE,), NADIA),
            Step(44, (*kind("Feature", 4, "Marketing"), "Approval::Not needed")),
            *history(("Planning", 40), ("Scheduling", 30), ("Queued", 18)),
        ),
        (_approved(44), Said(31, GAMEPLAN)),
        (OLIVIA,),
        month=1,
    ),
    Told(
        19,
        "Link the knowledge base in the first answer",
        TESSA,
        50,
        "With the three articles that fit best.",
        (
            Step(50, (TRIAGE,), TESSA),
            Step(49, (*kind("Feature", 3, "Support"), "Approval::Not needed")),
            *history(("Planning", 44), ("Scheduling", 33), ("Queued", 26)),
        ),
        (_approved(49), Said(34, GAMEPLAN)),
        (TESSA,),
        week=-2,
        month=1,
    ),
)
EARLY = (*TRIAGED, *PLANNED, *SCHEDULED, *QUEUED)
