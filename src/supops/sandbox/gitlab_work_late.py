"""The team's issues that are worked on, or done: in Development, Validation, Implementation and Completed."""

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
    mark("gameplan")
    + "## Gameplan\n\n1. Try it in the sandbox instance.\n2. Show it to two agents.\n3. Roll it out."
)
PLAN = Said(23, GAMEPLAN)
DONE = ("Planning", 30.0), ("Scheduling", 22.0)
LINKS = (
    mark("blueprint")
    + "## Technical blueprint\n\n- https://gitlab.example.com/support-readiness/zendesk/triggers/-/merge_requests/41\n- Follow-up: #12"
)


def _asked(by: str, ago: float) -> Said:
    return Said(
        ago,
        f"{mark('request-validation')}@{by}, this is ready. Please try it, and say here whether it is right.",
    )


def _feature(
    ago: float, priority: int, customer: str, by: str, *stays: tuple[str, float]
) -> tuple[Step, ...]:
    return (
        Step(ago, (TRIAGE,), by),
        Step(ago - 1, (*kind("Feature", priority, customer), "Approval::Not needed")),
        *history(*stays),
    )


DEVELOPED = (
    Told(
        20,
        "Sidebar with the last three incidents",
        PETER,
        35,
        "So that nobody asks twice.",
        _feature(35, 2, "Security", PETER, *DONE, ("Development", 3)),
        (PLAN, Said(1, "The query is done; the layout is not.", TESSA)),
        (TESSA,),
        week=0,
        month=1,
        weight=30,
    ),
    Told(
        21,
        "Business hours ignore the holiday of Monday",
        LUIS,
        6,
        "Tickets breached that should not.",
        (
            Step(6, (TRIAGE,), LUIS),
            Step(5, kind("Bug", 1, "Support")),
            *history(("Planning", 4), ("Development", 2)),
        ),
        (Said(2.2, mark("gameplan") + "## Gameplan\n\nAdd the day to both schedules.", LUIS),),
        (LUIS,),
    ),
    Told(
        22,
        "Field for the purchase order",
        INES,
        38,
        "Finance matches invoices by it.",
        (
            *_feature(38, 2, "Finance", INES, *DONE, ("Development", 9)),
            Step(2, ("Validation::Requested",), OLIVIA),
        ),
        (PLAN, _asked(INES, 2)),
        (OLIVIA,),
        week=0,
        month=1,
    ),
    Told(
        23,
        "Escalation form for partners",
        NADIA,
        52,
        "Partners write mails now, and those get lost.",
        (
            *_feature(52, 3, "Field", NADIA, *DONE, ("Development", 17)),
            Step(11, ("Validation::Awaiting",), MARIA),
        ),
        (PLAN, _asked(NADIA, 11)),
        (MARIA,),
        week=-1,
        month=1,
    ),
    Told(
        24,
        "Group tickets by outage",
        TESSA,
        47,
        "One answer for all of them.",
        (
            *_feature(47, 1, "Support", TESSA, *DONE, ("Development", 12)),
            Step(6, ("Validation::Requested",), LUIS),
            Step(3, ("Validation::Rejected",), LUIS),
        ),
        (
            PLAN,
            _asked(TESSA, 6),
            Said(3, f"{mark('rejected')}Not yet: the answer goes to closed tickets as well.", TESSA),
        ),
        (LUIS,),
        week=0,
        month=1,
    ),
    Told(
        25,
        "Mask card numbers in comments",
        PETER,
        41,
        "Required by the audit.",
        (
            *_feature(41, 1, "Security", PETER, *DONE, ("Development", 10)),
            Step(4, ("Validation::Requested",), OLIVIA),
            Step(1, ("Validation::Received",), OLIVIA),
        ),
        (PLAN, _asked(PETER, 4), Said(1, "Works as it should, thank you!", PETER)),
        (OLIVIA,),
        week=0,
        month=1,
    ),
    Told(
        26,
        "Archive the triggers of last year",
        MARIA,
        13,
        "About 40 of them.",
        (
            Step(13, (TRIAGE,), MARIA),
            Step(12, kind("Administrative", 4, "ETA")),
            *history(("Scheduling", 11), ("Queued", 10), ("Development", 2)),
        ),
        (),
        (MARIA,),
        week=0,
        month=1,
    ),
    Told(
        27,
        "Suggest a macro by the product area",
        NADIA,
        44,
        "From a team that has a stage for validation.",
        (
            *_feature(44, 3, "Support", NADIA, *DONE, ("Development", 14), ("Validation", 5)),
            Step(5, ("Validation::Awaiting",), TESSA),
        ),
        (PLAN, _asked(NADIA, 5)),
        (TESSA,),
        week=-1,
        month=1,
    ),
)

IMPLEMENTED = (
    Told(
        28,
        "Checkbox for follow-up calls",
        NADIA,
        55,
        "To be seen in the list of tickets.",
        (
            *_feature(55, 3, "Field", NADIA, *DONE, ("Development", 16)),
            Step(9, ("Validation::Requested",)),
            Step(6, ("Validation::Received",)),
            *history(("Implementation", 5)),
        ),
        (PLAN, _asked(NADIA, 9)),
        (TESSA,),
        week=-1,
        month=1,
    ),
    Told(
        29,
        "Escalated tickets lose their priority",
        LUIS,
        16,
        "When the form is changed.",
        (
            Step(16, (TRIAGE,), LUIS),
            Step(15, kind("Bug", 1, "Support")),
            *history(("Planning", 14), ("Development", 8)),
            Step(4, ("Validation::Requested",)),
            Step(2, ("Validation::Received",)),
            *history(("Implementation", 2)),
        ),
        (Said(9, GAMEPLAN, LUIS), _asked(LUIS, 4), Said(0.5, LINKS)),
        (OLIVIA,),
    ),
    Told(
        30,
        "Move the night shift to the new schedule",
        MARIA,
        18,
        "From the first of the month on.",
        (
            Step(18, (TRIAGE,), MARIA),
            Step(17, kind("Administrative", 3, "People")),
            *history(("Scheduling", 15), ("Development", 6)),
            Step(1, (stage("Implementation"), "Validation::Skipped")),
        ),
        (Said(0.7, "## Technical blueprint\n\nDone by hand in both instances.", MARIA),),
        (MARIA,),
        week=0,
        month=1,
    ),
)

COMPLETED = (
    Told(
        31,
        "Country in the requester's card",
        NADIA,
        60,
        "For greetings.",
        (
            *_feature(60, 4, "Support", NADIA, *DONE, ("Development", 20)),
            Step(14, ("Validation::Received",)),
            *history(("Implementation", 12), ("Completed", 6)),
        ),
        (PLAN, Said(7, LINKS)),
        (OLIVIA,),
        week=-2,
        month=0,
    ),
    Told(
        32,
        "Statistics by region",
        TESSA,
        90,
        "Monthly.",
        (
            *_feature(90, 3, "Support", TESSA, ("Planning", 80), ("Scheduling", 70), ("Development", 60)),
            Step(50, ("Validation::Received",)),
            *history(("Implementation", 45), ("Completed", 40)),
        ),
        (Said(42, LINKS), Said(39.9, f"{mark('closed')}It is in production. Thank you!")),
        (OLIVIA,),
        week=-6,
        month=-1,
        weight=18,
        closed_ago=39.9,
    ),
    Told(
        33,
        "Broken link in the footer of answers",
        LUIS,
        21,
        "It leads to the old status page.",
        (
            Step(21, (TRIAGE,), LUIS),
            Step(20, kind("Bug", 2, "Support")),
            *history(("Planning", 19), ("Development", 15)),
            Step(12, ("Validation::Received",)),
            *history(("Implementation", 11), ("Completed", 10)),
        ),
        (Said(10.5, LINKS),),
        (LUIS,),
        closed_ago=9,
    ),
)
LATE = (*DEVELOPED, *IMPLEMENTED, *COMPLETED)
