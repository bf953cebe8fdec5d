"""The made-up team of the embedded world, as its YAML files; and every mistake that people make in such files."""

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

FIRST_ID = 390_000_000_000
UNKNOWN_ID = 399_999_999_999


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the team. `number` makes the user ids: 390000000000 + number, on US Government 390000500000 + number."""

    number: int
    name: str
    local: str
    region: str
    zone: str
    focus: str = "SaaS"
    role: str = "Support Staff"
    manager: str = ""
    federal_role: str = ""

    @property
    def email(self) -> str:
        """The official address."""
        return f"{self.local}@example.com"

    @property
    def main_id(self) -> int:
        """The user id on Zendesk Global."""
        return FIRST_ID + self.number

    @property
    def federal_id(self) -> int:
        """The user id on Zendesk US Government."""
        return FIRST_ID + 500_000 + self.number

    @property
    def file(self) -> str:
        """The path of the file in the roster's folder."""
        return f"{self.region.lower()}/{self.local.replace('.', '-')}.yaml"


def _team(manager: str, region: str, zone: str, *people: Person) -> tuple[Person, ...]:
    return tuple(
        Person(
            p.number,
            p.name,
            p.local,
            region,
            p.zone or zone,
            p.focus,
            p.role,
            p.manager or manager,
            p.federal_role,
        )
        for p in people
    )


def _p(
    number: int,
    name: str,
    local: str,
    focus: str = "SaaS",
    role: str = "Support Staff",
    federal: str = "",
    zone: str = "",
) -> Person:
    return Person(number, name, local, "", zone, focus, role, "", federal)


HEAD = Person(
    1,
    "Beatriz Almeida",
    "beatriz.almeida",
    "AMER-E",
    "America/New_York",
    "Management",
    "Admin",
    "Avery Quill",
)
PEOPLE: tuple[Person, ...] = (
    HEAD,
    *_team(
        HEAD.name,
        "AMER-E",
        "America/New_York",
        _p(2, "Maria Delgado", "maria.delgado", "Management", "Admin", federal="Admin"),
        _p(3, "Olivia Ownby", "owner", "Operations"),
        _p(4, "Aaron Whitfield", "aaron.whitfield", federal="Light agent"),
        _p(5, "Chloé Tremblay", "chloe.tremblay", "Onboarding", zone="America/Toronto"),
        _p(6, "Devon Brooks", "devon.brooks", "Self-Managed", federal="Light agent"),
        _p(7, "Grace Okafor", "grace.okafor"),
        _p(8, "Hannah Lindqvist", "hannah.lindqvist", "US Federal", federal="Support Staff"),
        _p(9, "Isaac Moreno", "isaac.moreno", "US Federal", federal="Support Staff"),
    ),
    *_team(
        HEAD.name,
        "AMER-C",
        "America/Chicago",
        _p(10, "Jonas Baker", "jonas.baker", "Management"),
        _p(11, "Kiara Johnson", "kiara.johnson"),
        _p(12, "Luis Hernández", "luis.hernandez", "License and Renewals", zone="America/Mexico_City"),
        _p(13, "Megan O'Connor", "megan.oconnor"),
        _p(14, "Noah Schmidt", "noah.schmidt", "US Federal", federal="Support Staff"),
        _p(15, "Priya Raman", "priya.raman", "US Federal", federal="Support Staff"),
        _p(16, "Quentin Hale", "quentin.hale", "Self-Managed"),
    ),
    *_team(
        "Rosa Martínez",
        "AMER-W",
        "America/Los_Angeles",
        _p(17, "Rosa Martínez", "rosa.martinez", "Management"),
        _p(18, "Sam Nakamura", "sam.nakamura", "Self-Managed"),
        _p(19, "Tessa Young", "tessa.young"),
        _p(20, "Umar Farouk", "umar.farouk", "US Federal", federal="Support Staff"),
        _p(21, "Victor Chen", "victor.chen"),
        _p(22, "Wendy Park", "wendy.park", "Onboarding"),
    ),
    *_team(
        "Anneke de Vries",
        "EMEA",
        "Europe/Berlin",
        _p(23, "Anneke de Vries", "anneke.devries", "Management", zone="Europe/Amsterdam"),
        _p(24, "Björn Håkansson", "bjorn.hakansson", zone="Europe/Stockholm"),
        _p(25, "Ciarán Byrne", "ciaran.byrne", zone="Europe/Dublin"),
        _p(26, "Dorota Wiśniewska", "dorota.wisniewska", "License and Renewals", zone="Europe/Warsaw"),
        _p(27, "Elif Yılmaz", "elif.yilmaz", zone="Europe/Istanbul"),
        _p(28, "François Lefèvre", "francois.lefevre", "Self-Managed", zone="Europe/Paris"),
        _p(29, "Giulia Romano", "giulia.romano", "ASE", zone="Europe/Rome"),
        _p(30, "Henrik Sørensen", "henrik.sorensen", zone="Europe/Copenhagen"),
        _p(31, "Ioana Popescu", "ioana.popescu", zone="Europe/Bucharest"),
        _p(32, "Jürgen Weiß", "juergen.weiss", "Self-Managed"),
    ),
    *_team(
        "Kenji Sato",
        "APAC",
        "Asia/Tokyo",
        _p(33, "Kenji Sato", "kenji.sato", "Management"),
        _p(34, "Lakshmi Iyer", "lakshmi.iyer", zone="Asia/Kolkata"),
        _p(35, "陳美玲", "meiling.chen", "Self-Managed", zone="Asia/Taipei"),
        _p(36, "Nguyễn Văn An", "an.nguyen", zone="Asia/Ho_Chi_Minh"),
        _p(37, "Pania Te Rangi", "pania.terangi", zone="Pacific/Auckland"),
        _p(38, "Rahul Mehta", "rahul.mehta", "ASE", zone="Asia/Kolkata"),
        _p(39, "Soo-jin Kim", "soojin.kim", zone="Asia/Seoul"),
        _p(40, "Tao Wang", "tao.wang", zone="Asia/Shanghai"),
        _p(41, "Zoë Fraser", "zoe.fraser", "Onboarding", zone="Australia/Sydney"),
    ),
)

# What is wrong with whose file: (text that a good file would have, text that stands there instead).
_MISTAKES: MappingProxyType[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "devon.brooks": ((f"    id: {FIRST_ID + 6}", "    id: abc"),),
        "grace.okafor": ((f"    id: {FIRST_ID + 7}", "    id:"),),
        "kiara.johnson": (("reports_to: Beatriz Almeida", "reports_to: Beatriz Almieda"),),
        "noah.schmidt": (("    percentage: 100", "    percentage: 90"),),
        "quentin.hale": ((f"    id: {FIRST_ID + 16}", f"    id: {UNKNOWN_ID}"),),
        "sam.nakamura": (("- name: Self-Managed", "- name: Self Managed"),),
        "wendy.park": (("calendly.com/wendy-park", "calendly.com/wendy-park/30min"),),
        "ciaran.byrne": (("email: ciaran.byrne@", "email: ciaran.byrne+support@"),),
        "giulia.romano": (("        percentage: 60", "        percentage: 50"),),
        "ioana.popescu": (("region: EMEA", "region: EMAE"),),
        "juergen.weiss": (("start_date: 2021-05-03", "start_date: 31.02.2021"),),
        "lakshmi.iyer": (("    level: 3", "    level: 5"),),
        "pania.terangi": (("Pacific/Auckland", "Pacific/Wellington"),),
        "tao.wang": (("languages:\n  - English", "languages:\n\t- English"),),
        "zoe.fraser": (
            (f"    id: {FIRST_ID + 41}", "    id:"),
            ("start_date: 2021-05-03", "start_date: 2026-11-16"),
        ),
    }
)

_EXTRA_FILES: MappingProxyType[str, str] = MappingProxyType(
    {
        "amer-c/new-hire.yaml": "# filled in on the first day\nname: Rowan Ashdown\nemail:\nregion: AMER-C\n",
        "apac/old/kim-soojin.yaml": "name: Soo-jin Kim\nemail: Soojin.Kim@example.com\nregion: APAC\n",
        "emea/regions.yml": "- EMEA\n- APAC\n",
    }
)


def roster_files() -> dict[str, bytes]:
    """Return the roster's files by path, mistakes included."""
    files = {person.file: _yaml(person).encode() for person in PEOPLE}
    files |= {path: text.encode() for path, text in _EXTRA_FILES.items()}
    # Somebody's editor wrote a byte-order mark; that is no mistake.
    chloe = next(person.file for person in PEOPLE if person.local == "chloe.tremblay")
    files[chloe] = b"\xef\xbb\xbf" + files[chloe]
    return files


def write_roster(folder: Path) -> None:
    """Write the roster's files, unless the folder is there already: what people changed in it stays changed."""
    write_folder(folder, roster_files())


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write files by path into a new folder; nothing where the folder is there already."""
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    # All at once: another process must not see a part of them.
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        whole = Path(temporary) / folder.name
        for path, data in files.items():
            target = whole / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        # Another process was faster: its files are the same.
        with suppress(OSError):
            whole.replace(folder)


def _yaml(person: Person) -> str:
    slug = person.local.replace(".", "-")
    lines = [
        f"name: {person.name}",
        f"email: {person.email}",
        "title: Support Engineer" if person.focus != "Management" else "title: Support Manager",
        "entity: Example Inc.",
        f"reports_to: {person.manager}",
        "pronouns: they/them",
        "working_hours: 0800-1600 local time",
        f"region: {person.region}",
        f"location: {person.zone.split('/')[1].replace('_', ' ')}",
        f"tzdata_timezone: {person.zone}",
        "start_date: 2021-05-03",
        f"calendly: https://calendly.com/{slug}",
        "languages:\n  - English",
        "modules: []",
        f"pagerduty:\n  id: P{person.number:04d}",
        *_focus_lines(person),
        "zendesk:",
        *_identity_lines("main", person.main_id, person.role, person.name),
    ]
    if person.federal_role:
        lines += _identity_lines("us-federal", person.federal_id, person.federal_role, person.name)
        active = "true" if person.federal_role == "Support Staff" else "false"
        lines += ["    round_robin:", f"      active: {active}", "      modifier: 0"]
    lines += [
        f"gitlab:\n  id: {7000 + person.number}\n  username: {slug}",
        f"slack:\n  id: U{person.number:06d}\n  username: {slug}",
        "knowledge_areas:\n  - name: Authentication\n    level: 3\n  - name: Runners\n    level: 1",
        "product_categories:\n  - name: Source Code Management\n    level: 2",
        "coffee: yes please",
    ]
    text = "\n".join(lines) + "\n"
    for good, mistake in _MISTAKES.get(person.local, ()):
        if good not in text:
            raise ValueError(f"{person.local}: nothing to replace in the file: {good}")
        text = text.replace(good, mistake, 1)
    return text


def _focus_lines(person: Person) -> list[str]:
    if person.focus != "ASE":
        return ["focuses:", f"  - name: {person.focus}", "    percentage: 100"]
    return [
        "focuses:",
        "  - name: ASE",
        "    percentage: 100",
        "    zendesk: global",
        "    organizations:",
        f"      - id: {360_000_100_000 + person.number}",
        "        percentage: 60",
        f"      - id: {360_000_200_000 + person.number}",
        "        percentage: 40",
    ]


def _identity_lines(key: str, number: int, role: str, name: str) -> list[str]:
    return [
        f"  {key}:",
        f"    id: {number}",
        "    groups:\n      - General",
        f"    role: {role}",
        f"    alias: {name.split(maxsplit=1)[0]}",
        "    show_in_signature:\n      gitlab_handle: true",
        "    salutations:\n      - Best regards",
    ]
