"""Which license, whether it may be made, and what to enter: every rule, and all problems at once."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.models.license_requests import Decision, Held, Override, WrittenRequest
from supops.models.licenses import COMPANY, License, Problem, Route, person_of
from supops.services.license_fields import iso_date, mentions_duo, one_year_after, purpose_of
from supops.services.license_rules import Rules, decide, differences, license_of, unwanted
from tests.licenses import LINK, TODAY, VALUES, written

RULES = Rules()


def decided(*, today: date = TODAY, rules: Rules = RULES, **values: str) -> Decision:
    return decide(written(**values), rules, today=today)


def decided_on(values: dict[str, str]) -> Decision:
    return decide(written(**values), RULES, today=TODAY)


def fields(decision: Decision) -> list[str]:
    return [problem.field for problem in decision.problems]


def test_a_request_that_is_fine_is_accepted() -> None:
    decision = decided(issue=f"{LINK}/42")

    assert decision.is_accepted
    assert (decision.route, decision.contact, decision.problems, decision.remarks) == (
        Route.LEGACY,
        None,
        (),
        (),
    )
    assert decision.request
    assert (decision.request.previous_users_count, decision.request.requested_on) == (0, TODAY)


@pytest.mark.parametrize(
    ("purpose", "route", "contact"),
    [
        ("self-managed", Route.LEGACY, None),
        ("Self managed", Route.LEGACY, None),
        ("SELF_MANAGED", Route.LEGACY, None),
        ("To test upgrades of a self-hosted instance", Route.LEGACY, None),
        ("self-managed, without GitLab Duo", Route.LEGACY, None),
        ("Self-managed (no Duo)", Route.LEGACY, None),
        ("duo-testing", Route.STAGING_CLOUD, "#g_provision"),
        ("Testing GitLab Duo", Route.STAGING_CLOUD, "#g_provision"),
        ("self-managed instance to test DUO chat", Route.STAGING_CLOUD, "#g_provision"),
        ("not only self-managed, but Duo", Route.STAGING_CLOUD, "#g_provision"),
        ("Duo, no production license required", Route.STAGING_CLOUD, "#g_provision"),
        ("Duo; it doesn't need production", Route.STAGING_CLOUD, "#g_provision"),
        ("without Duo at first, then with Duo", Route.STAGING_CLOUD, "#g_provision"),
        ("Testing Duo for a customer's production", Route.STAGING_CLOUD, "#g_provision"),
        ("Duo; is a production license required?", Route.STAGING_CLOUD, "#g_provision"),
        ("Duo, if a production license is needed", Route.STAGING_CLOUD, "#g_provision"),
        ("Duo, next to the production license that we need", Route.STAGING_CLOUD, "#g_provision"),
        ("I need to test Duo before our production license ends", Route.STAGING_CLOUD, "#g_provision"),
        (
            "Duo with our production license, and this must be done soon",
            Route.STAGING_CLOUD,
            "#g_provision",
        ),
        ("Duo; need help, production license expired", Route.STAGING_CLOUD, "#g_provision"),
        ("Duo has to be tested, and a production licence is mandatory", Route.ZERO_DOLLAR, "#sales-support"),
        ("We must test GitLab Duo with a real production license", Route.ZERO_DOLLAR, "#sales-support"),
        ("Duo needs a production cloud license", Route.ZERO_DOLLAR, "#sales-support"),
        ("duo-production", Route.ZERO_DOLLAR, "#sales-support"),
        ("Testing GitLab Duo, a production license is required", Route.ZERO_DOLLAR, "#sales-support"),
    ],
)
def test_the_three_answers(purpose: str, route: Route, contact: str | None) -> None:
    decision = decided(purpose=purpose)

    assert (decision.route, decision.contact) == (route, contact)
    assert decision.is_accepted == (route is Route.LEGACY)
    assert decision.why
    if contact:
        assert contact in decision.problems[0].message
        assert decision.form == ()


@pytest.mark.parametrize(
    "request_",
    [
        written(plan="Ultimate with GitLab Duo"),
        WrittenRequest(VALUES, "issue #1", title="License to test Duo"),
        written(purpose="", plan="duo enterprise"),
    ],
)
def test_what_mentions_duo_anywhere_gets_no_legacy_license(request_: WrittenRequest) -> None:
    decision = decide(request_, RULES, today=TODAY)

    assert decision.route is Route.STAGING_CLOUD
    assert not decision.is_accepted


@given(st.text(max_size=30), st.text(max_size=30))
def test_duo_never_gets_a_legacy_license(before: str, after: str) -> None:
    for text in (f"{before} duo {after}", f"self-managed {before} GitLab Duo {after}"):
        if mentions_duo(text):
            assert decided(purpose=text).route in (Route.STAGING_CLOUD, Route.ZERO_DOLLAR)


@pytest.mark.parametrize(
    "purpose",
    [
        "self-managed; to test duo_chat and duo_pro",
        "self-managed, GitLabDuo",
        "self-managed, MyDuo",
        "self-managed, duo2",
        "self-managed, D\u200buo and \uff24\uff55\uff4f",
        "self-managed, I can't go on without Duo and want to test it",
        "self-managed; I have no Duo and want it",
        "self-managed, not without Duo",
        "self-managed; useless without GitLab Duo",
        "self-managed, currently without Duo, and that is to change",
        "self-managed: the one I got was without Duo",
        "self-managed with GitLab AI",
        "self-managed, AI chat",
        "self-managed without Duo Chat",
        "self-managed, without Duo, with duo_pro",
        "self-managed, with Code Suggestions",
        "self-managed with the AI Gateway",
        "self-managed, cloud-connector",
        "self-managed, without Duo, with a cloud license",
    ],
)
def test_duo_and_cloud_features_however_they_are_written(purpose: str) -> None:
    decision = decided(purpose=purpose)

    assert decision.route is Route.STAGING_CLOUD
    assert "cloud features" in decision.why


@pytest.mark.parametrize(
    "purpose",
    [
        "self-managed, without GitLab Duo or other cloud features",
        "self-managed, without Duo.",
        "Testing upgrades without Duo, self-managed",
        "A self-managed license without Duo",
        "Self-managed on Google Cloud, for an individual",
        "self-managed, individuo, produto",
        "non-production self-managed without Duo, to test upgrades",
    ],
)
def test_what_is_without_duo(purpose: str) -> None:
    assert decided(purpose=purpose).route is Route.LEGACY


def test_duo_elsewhere_in_a_request_is_in_the_way_and_nobody_overrides_it() -> None:
    request = WrittenRequest(VALUES, "issue #1", other=("For Duo, ask elsewhere",))
    override = Override("the laptop was lost")

    for held, over in (((), None), ((), override), ((HELD,), override)):
        decision = decide(request, RULES, today=TODAY, held=held, override=over)
        assert (decision.is_accepted, fields(decision)) == (False, ["purpose"])
        assert "mentions GitLab Duo" in decision.problems[0].message


@pytest.mark.parametrize(
    "values",
    [
        {"name": "Jane (for Duo)"},
        {"name": "Jane with GitLab Duo"},
        {"issue": "about Duo"},
        {"users_count": "10 for Duo"},
    ],
)
def test_duo_in_another_field_is_in_the_way(values: dict[str, str]) -> None:
    assert "purpose" in fields(decided_on(values))


def test_people_may_be_called_duo() -> None:
    assert decided(name="Duo Wang-Li", email="duo.wang@example.com").is_accepted


@pytest.mark.parametrize("purpose", ["", "fun", "???", "premium please"])
def test_a_request_that_does_not_say_what_for_is_not_guessed_at(purpose: str) -> None:
    decision = decided(purpose=purpose)

    assert (decision.route, fields(decision)) == (None, ["purpose"])
    assert "self-managed" in decision.problems[0].message
    assert not decision.is_accepted


@pytest.mark.parametrize(
    ("said", "link"),
    [
        (f" {LINK.replace('issues', 'work_items')}/42?a=b#note_7 ", f"{LINK}/42"),
        (f"{LINK}/42/", f"{LINK}/42"),
        ("support#42", "support#42"),
    ],
)
def test_the_link_of_an_issue_is_kept_in_one_form(said: str, link: str) -> None:
    request = decided(issue=said).request
    assert request
    assert request.issue == link


def test_contacts_are_configuration() -> None:
    assert decided(purpose="duo-testing", rules=Rules(staging_contact="#other")).contact == "#other"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("name", "", "is missing"),
        ("name", "...", "full name"),
        ("name", "a" * 256, "full name"),
        ("name", "Jane\u202edoe", "full name"),
        ("email", "", "is missing"),
        *(
            ("email", text, "an email address")
            for text in (
                "jane",
                "jane@",
                "@example.com",
                "jane@example",
                "jane doe@example.com",
                "a@b@example.com",
            )
        ),
        *(
            ("email", text, "an email address")
            for text in (
                ".jane@example.com",
                "jane..doe@example.com",
                "jane@-example.com",
                "jäne@example.com",
            )
        ),
        ("email", f"{'a' * 65}@example.com", "an email address"),
        ("plan", "", "premium or ultimate"),
        ("plan", "gold", "premium or ultimate"),
        ("plan", "ultimat", "did you mean ultimate?"),
        ("plan", "premium or ultimate", "premium or ultimate"),
        ("users_count", "", "is missing: a whole number from 1"),
        *(
            ("users_count", text, "a whole number from 1")
            for text in ("0", "-1", "1.5", "ten", "1e3", "١٠", "2000000")
        ),
        ("previous_users_count", "-1", "a whole number from 0"),
        ("trueup_count", "none", "a whole number from 0"),
        ("end_date", "", "is missing: a day from 2026-11-27 to 2027-11-26"),
        *(
            ("end_date", text, "written as YYYY-MM-DD")
            for text in (
                "soon",
                "11/12/2027",
                "2027-02-30",
                "20270630",
                "2027-6-30",
                "2027-W01-1",
                "2027-06-30T00:00",
            )
        ),
        ("end_date", "2026-11-26", "not in the future"),
        ("end_date", "2026-11-25", "not in the future"),
        (
            "end_date",
            "2027-11-27",
            "more than one year after the request of 2026-11-26; at the latest 2027-11-26",
        ),
        ("name", "@jane", "full name"),
        *(
            ("email", text, "did you mean jane@example.com?")
            for text in ("Jane <jane@example.com>", "mailto:jane@example.com.")
        ),
        ("email", "jane@exämple.com", "an email address"),
        *(
            ("plan", text, "premium or ultimate")
            for text in ("GitLab.com Ultimate", "not ultimate", "self-managed")
        ),
        *(("users_count", text, f"not '{text}'") for text in ("10 users", "true", "1,000")),
        *(
            ("end_date", text, "did you mean 2027-06-30?")
            for text in (
                "30 June 2027",
                "Jun 30th, 2027",
                "30.6.2027",
                "2027/6/30",
                "20270630",
                "2027-06-30 (a year)",
            )
        ),
        ("end_date", "03/04/2027", "not '03/04/2027'; that could be 2027-03-04 or 2027-04-03"),
        ("requested_on", "2026-11-27", "in the future"),
        ("requested_on", "yesterday", "written as YYYY-MM-DD"),
    ],
)
def test_each_rule_with_its_field_and_what_would_be_acceptable(key: str, value: str, said: str) -> None:
    decision = decided_on({key: value})

    assert fields(decision) == [key]
    assert said in decision.problems[0].message
    assert not decision.is_accepted
    assert decision.form == ()


def test_all_problems_are_told_at_once() -> None:
    decision = decide(WrittenRequest({}, "empty"), RULES, today=TODAY)

    assert fields(decision) == ["name", "email", "plan", "users_count", "end_date", "purpose"]


def test_what_could_not_even_be_read_is_told_once() -> None:
    request = WrittenRequest(
        {key: VALUES[key] for key in VALUES if key != "plan"}, "a", (Problem("plan", "stands twice"),)
    )

    assert decide(request, RULES, today=TODAY).problems == (Problem("plan", "stands twice"),)


@pytest.mark.parametrize(
    "text",
    ["Ultimate", " ULTIMATE ", "GitLab Ultimate", "Ultimate (self-managed)", "Self-managed Ultimate plan"],
)
def test_a_plan_as_people_write_it(text: str) -> None:
    request = decided(plan=text).request
    assert request
    assert request.plan == "ultimate"


def test_domains_are_configuration() -> None:
    rules = Rules(email_domains=("GitLab.com", "@example.org"))

    assert decided(email="jane@gitlab.COM", rules=rules).is_accepted
    assert decided(email="jane@example.org", rules=rules).is_accepted
    for email in ("jane@example.com", "jane@sub.gitlab.com", "jane@gitlab.com.example.net"):
        assert fields(decided(email=email, rules=rules)) == ["email"]


@pytest.mark.parametrize(
    ("requested", "latest"),
    [
        (date(2026, 11, 26), date(2027, 11, 26)),
        # 366 days: the year has a 29 February in it.
        (date(2027, 3, 1), date(2028, 3, 1)),
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2028, 2, 28), date(2029, 2, 28)),
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2028, 3, 1), date(2029, 3, 1)),
        (date(2100, 2, 28), date(2101, 2, 28)),
    ],
)
def test_a_year_is_a_year_in_leap_years_too(requested: date, latest: date) -> None:
    assert one_year_after(requested) == latest
    assert decided(today=requested, end_date=latest.isoformat()).is_accepted
    after = (latest + timedelta(days=1)).isoformat()
    assert fields(decided(today=requested, end_date=after)) == ["end_date"]


@given(st.dates(date(1970, 1, 1)))
def test_a_year_has_no_more_than_366_days(day: date) -> None:
    assert day == date.max or (one_year_after(day) - day).days in (365, 366) or day.year == 9999


@given(st.text(max_size=12))
def test_a_day_is_an_iso_day_or_none(text: str) -> None:
    day = iso_date(text)
    assert day is None or day.isoformat() == text


def test_the_year_counts_from_the_request_and_not_from_today() -> None:
    decision = decided(requested_on="2026-06-01", end_date="2027-06-01")
    assert decision.is_accepted

    late = decided(requested_on="2026-06-01", end_date="2027-06-02")
    assert "after the request of 2026-06-01" in late.problems[0].message


def test_a_request_of_more_than_a_year_ago_can_have_no_license() -> None:
    for end in ("2026-12-01", "", "soon"):
        (problem,) = decided(requested_on="2025-11-26", end_date=end).problems
        assert (problem.field, problem.message[:33]) == ("end_date", "the request of 2025-11-26 is a ye")


def test_the_day_on_which_an_issue_was_created_counts_whatever_it_says() -> None:
    request = WrittenRequest(
        VALUES | {"requested_on": "2026-11-26", "end_date": "2027-11-26"},
        "issue #1",
        requested_on=date(2026, 11, 1),
        link=f"{LINK}/1",
    )

    decision = decide(request, RULES, today=TODAY)

    assert "after the request of 2026-11-01" in decision.problems[0].message
    assert "2026-11-26" in decision.remarks[0]


HELD = Held("the ledger (license 3)", date(2027, 1, 1))


def test_no_second_license_while_one_runs() -> None:
    decision = decide(written(), RULES, today=TODAY, held=(HELD,))

    assert fields(decision) == ["email"]
    assert "until 2027-01-01, by the ledger (license 3)" in decision.problems[0].message


def test_the_operator_may_override_that_and_only_that() -> None:
    override = Override("the laptop was lost")

    decision = decide(written(), RULES, today=TODAY, held=(HELD,), override=override)
    assert decision.is_accepted
    assert (decision.override, decision.held) == (override, (HELD,))

    assert fields(decide(written(plan="gold"), RULES, today=TODAY, held=(HELD,), override=override)) == [
        "plan"
    ]
    assert decide(written(), RULES, today=TODAY, override=override).override is None
    assert not decide(written(purpose="duo-testing"), RULES, today=TODAY, override=override).is_accepted


def test_every_field_of_the_form_in_its_order() -> None:
    form = decided(issue=f"{LINK}/42", previous_users_count="3", trueup_count="1").form

    assert {one.label: one.value for one in form} == {
        "Name": "Jane Döe",
        "Company": COMPANY,
        "Email": "jane.doe@example.com",
        "Users count": 10,
        "Previous users count": 3,
        "Trueup count": 1,
        "Plan code": "ultimate",
        "Start date": "2026-11-26",
        "End date": "2027-06-30",
        "Trial": False,
        "Subscription ID": "",
        "Subscription name": "",
        "Notes": f"{LINK}/42",
    }
    assert [one.key for one in form][:4] == ["name", "company", "email", "users_count"]


def licensed(**values: str) -> License:
    request = decided_on(values).request
    assert request
    return license_of(request, RULES, today=TODAY)


def test_counts_of_zero_are_left_out_of_the_file() -> None:
    content = licensed()
    assert (content.previous_users, content.trueup) == (None, None)
    assert content.block_changes == date(2027, 7, 14)

    content = licensed(previous_users_count="2", trueup_count="1")
    assert (content.previous_users, content.trueup) == (2, 1)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, []),
        ({"email": "Jane.Doe@Example.com", "name": "Jane Do\u0308e"}, []),
        ({"name": "John Doe"}, ["name"]),
        ({"email": "john@example.com"}, ["email"]),
        ({"plan": "premium", "users_count": "11"}, ["plan", "users_count"]),
        ({"previous_users_count": "1", "trueup_count": "2"}, ["previous_users_count", "trueup_count"]),
        ({"end_date": "2027-07-01"}, ["end_date"]),
    ],
)
def test_a_file_is_compared_with_the_request(values: dict[str, str], told: list[str]) -> None:
    request = decided_on(values).request
    assert request

    assert [problem.field for problem in differences(licensed(), request, RULES)] == told


def test_a_file_of_another_company_or_from_before_the_request() -> None:
    request = decided().request
    assert request

    early = license_of(request, Rules(company="Other"), today=TODAY - timedelta(days=1))

    assert [problem.field for problem in differences(early, request, RULES)] == ["license", "license"]


def test_one_person_has_one_address() -> None:
    assert person_of(" Jane.Doe+x@Example.COM ") == person_of("jane.doe@example.com")
    assert person_of("jane.doe@example.com") != person_of("janedoe@example.com")


@pytest.mark.parametrize("text", ["", "production", "no duo", "ultimate"])
def test_a_purpose_that_is_none(text: str) -> None:
    assert purpose_of(text) is None


def test_what_no_license_for_a_team_member_has() -> None:
    flags = {"cloud_licensing_enabled": True, "auto_renew_enabled": False}
    inner = {"trial": True, "subscription_id": "A-1", "subscription_name": "", "add_on_products": {"duo": []}}

    told = unwanted({**flags, "restrictions": inner | {"plan": "ultimate"}})

    assert [one.split()[1] for one in told] == [
        "cloud_licensing_enabled",
        "trial",
        "subscription_id",
        "add_on_products",
    ]
    # One key does not hide another of the same name.
    assert len(unwanted({"trial": True, "restrictions": {"trial": False}})) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("end_date", "2029-01-01"),
        ("end_date", "2026-11-26"),
        ("requested_on", "2026-11-27"),
        ("requested_on", "2025-11-26"),
        ("email", "jane.doe@example.org"),
        ("purpose", "duo-testing"),
        ("purpose", ""),
    ],
)
def test_what_is_understood_is_shown_accepted_or_not(key: str, value: str) -> None:
    decision = decide(written(**{key: value}), Rules(email_domains=("example.com",)), today=TODAY)

    assert not decision.is_accepted
    assert decision.form == ()
    assert decision.request
    if key != "purpose":
        assert str(getattr(decision.request, key)) == value


def test_a_field_that_makes_no_sense_is_not_understood() -> None:
    assert decided(plan="gold").request is None
    assert decided(purpose="duo-testing", users_count="many").request is None


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("1,000", "1000"),
        ("1'000'000", "1000000"),
        ("2\u202f500", "2500"),
        ("10 users", "10"),
        ("-5", ""),
        ("10.5", ""),
        ("1e3", ""),
        ("5 to 10", ""),
        ("0 users", ""),
        ("9,999,999", ""),
    ],
)
def test_a_count_in_another_spelling_is_offered_and_never_taken(text: str, offered: str) -> None:
    (problem,) = decided(users_count=text).problems

    assert problem.field == "users_count"
    assert problem.message.partition("; did you mean ")[2] == (f"{offered}?" if offered else "")
