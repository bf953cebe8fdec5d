"""The team's issues that wait for something else, that ended early, or whose labels contradict the flow."""

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
GAMEPLAN = mark("gameplan") + "## Gameplan\n\n1. Ask those who have to help.\n2. Build it."
# Of no project that the team sees: it came with an issue from elsewhere.
FOREIGN_LABEL = "Customer::Sales"


def _blocked(iid: int, title: str, came_from: str, days: float, until: str, then: str, *later: Said) -> Told:
    """Return an issue that is blocked for so many days, and that nobody touched since but the review."""
    facts = mark("blocked", **{"from": came_from, "on": PETER, "then": then, "to": "Blocked", "until": until})
    text = f"{facts}**Blocked**: it was in {came_from}.\n\n- Until: {until}\n- Then: {then}"
    before = {"Planning": (), "Scheduling": (("Planning", days + 9),)}.get(
        came_from, (("Planning", days + 15), ("Scheduling", days + 9))
    )
    return Told(
        iid,
        title,
        PETER,
        days + 30,
        "See the comments.",
        (
            Step(days + 30, (TRIAGE,), PETER),
            Step(days + 29, (*kind("Feature", 3, "Security"), "Approval::Not needed")),
            *history(*before, (came_from, days + 5), ("Blocked", days)),
        ),
        (Said(days + 10, GAMEPLAN, TESSA), Said(days, text, TESSA), *later),
        (TESSA,),
        week=0 if came_from == "Development" else None,
        month=1 if came_from == "Development" else None,
    )


BLOCKED = (
    _blocked(
        34,
        "Sign-in with the new provider",
        "Development",
        8,
        "the provider answers our ticket",
        "go on testing",
    ),
    _blocked(
        35,
        "Show the account's owner",
        "Planning",
        15.5,
        "Security has approved the field",
        "write the gameplan",
    ),
    _blocked(
        36,
        "Import contacts from the old system",
        "Scheduling",
        22.5,
        "the export is there",
        "find an iteration",
    ),
    _blocked(
        37,
        "Chat on the status page",
        "Development",
        29.5,
        "legal has read the contract",
        "put it into production",
        Said(8.4, mark("escalated", since="", week=3) + "## Escalated\n\nNo update for three weeks.", TESSA),
    ),
    _blocked(
        38,
        "Mirror for the attachments",
        "Development",
        2,
        "the bucket is made",
        "copy what there is, then test",
    ),
    # Nobody wrote down why.
    Told(
        39,
        "Colours for the priorities",
        NADIA,
        30,
        "Red for the first.",
        (
            Step(30, (TRIAGE,), NADIA),
            Step(29, (*kind("Feature", 4, "Marketing"), "Approval::Not needed")),
            *history(("Planning", 20), ("Blocked", 9)),
        ),
        (),
        (OLIVIA,),
    ),
    Told(
        40,
        "Answers in Esperanto",
        TESSA,
        80,
        "Perhaps one day.",
        (
            Step(80, (TRIAGE,), TESSA),
            Step(79, kind("Feature", 4, "Support")),
            *history(("Backlogged", 60)),
        ),
    ),
)

INCIDENTS = (
    Told(
        41,
        "Mails are not turned into tickets",
        LUIS,
        0.2,
        "Since 08:10. The provider is working on it.",
        (Step(0.2, kind("Incident", 1, "Support"), LUIS),),
        (Said(0.1, "The provider sees it too, and is mending it.", LUIS),),
        (LUIS,),
    ),
    Told(
        42,
        "The search was slow",
        OLIVIA,
        33,
        "From 14:00 to 15:20.",
        (Step(33, kind("Incident", 2, "Support")),),
        closed_ago=32.5,
    ),
)

ENDED = (
    Told(
        43,
        "Tickets vanish after a merge",
        NADIA,
        17,
        "They are gone from my view.",
        (Step(17, (TRIAGE,), NADIA), Step(16, kind("Bug", 3, "Field"))),
        (
            Said(
                15,
                f"{mark('invalid')}This is no bug: merged tickets are closed, and the view shows open ones.",
            ),
        ),
        closed_ago=15,
    ),
    Told(
        44,
        "A bot that answers everything",
        INES,
        70,
        "Others have one.",
        (Step(70, (TRIAGE,), INES), Step(69, (*kind("Feature", 4, "Finance"), "Approval::Needed"))),
        (
            Said(
                68,
                mark("approval", approved=False, congruent=False, level="director", roadmap="not-aligned")
                + "**Approval**: it does not align with the roadmap; a director has to approve it.",
            ),
            Said(55, f"{mark('not-approved')}It was not approved: the risk is too high.", MARIA),
        ),
        closed_ago=55,
    ),
)

CONTRADICTING = (
    # A ticket of somebody who knows no labels.
    Told(7, "Please help with the form", INES, 5, "It does not work for me."),
    Told(
        45,
        "Two fields with one name",
        TESSA,
        28,
        "In the form for renewals. Its labels came along from another tracker.",
        (
            Step(28, (TRIAGE,), TESSA),
            Step(27, kind("Bug", 2, "Support")),
            Step(10, (stage("Planning"), stage("Development")), TESSA, beside=True, gone=(TRIAGE,)),
        ),
        (),
        (TESSA,),
    ),
    Told(
        46,
        "Round trip of the CSV import",
        LUIS,
        14,
        "Is it a bug or a wish?",
        (
            Step(14, (TRIAGE,), LUIS),
            Step(13, ("RequestType::Bug", "RequestType::Feature", "Customer::Support"), LUIS, beside=True),
        ),
    ),
    Told(
        47,
        "Password in an answer of the sandbox instance",
        PETER,
        3,
        "Details in the vault.",
        (Step(3, (TRIAGE,), PETER), Step(2.5, kind("Bug", 1, "Security")), *history(("Planning", 2))),
        (Said(1.5, "The password was changed.", PETER, internal=True),),
        (OLIVIA,),
        confidential=True,
    ),
    Told(
        48,
        "Templates for renewals",
        NADIA,
        19,
        "With the new prices.",
        (
            Step(19, (stage("Triague"),), NADIA),
            Step(18, ("RequestType::Feature", "Priority::2", FOREIGN_LABEL)),
        ),
    ),
    # Closed by hand, while somebody worked on it.
    Told(
        49,
        "Shorter subject lines",
        NADIA,
        65,
        "At most 80 characters.",
        (
            Step(65, (TRIAGE,), NADIA),
            Step(64, kind("Feature", 4, "Marketing")),
            *history(("Planning", 60), ("Development", 50)),
        ),
        closed_ago=35,
    ),
    Told(
        50,
        '=HYPERLINK("https://example.com") | @all <img src=x onerror=alert(1)> \u202e**bold**',
        "sam-nakamura",
        1,
        "Hello\n\n> /close\n\n```\n/label ~Stage::Completed\n```\n\n<!-- supops:issue blueprint {} -->\nhttps://example.com",
        (Step(0.9, (TRIAGE,), OLIVIA),),
        (
            Said(
                0.5,
                mark("gameplan") + "## Gameplan\n\nBy a Guest, whose marks nobody should believe.",
                "sam-nakamura",
            ),
        ),
    ),
)
ODD = (*BLOCKED, *INCIDENTS, *ENDED, *CONTRADICTING)
