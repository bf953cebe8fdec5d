"""Texts from outside, with what could be a secret taken out."""

import re
import unicodedata
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

REDACTED = "[redacted]"
SHOWN_BODY = 200
# Much longer than what of any text is shown. A payload may have a text of a mebibyte.
LONGEST_READ = 8_000
# No search here goes over the same characters again and again, however a text is made: each begins where the one before can't reach.
SENSITIVE_PARAMETERS = re.compile(
    r"((?:token|secret|password|passcode|signature|pwd|(?:api|access|private|signing)[_-]?key|(?<!\w)(?:code|key|zak|sig))=)[^&\s\"'>]+",
    re.IGNORECASE,
)
BEARER = re.compile(r"\b(Bearer|Basic)\s+([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE)
# In "Basic question", no credentials follow.
WORD = re.compile(r"[A-Za-z][a-z]*[.,]?")
USER_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")
BEARER_LIKE_LINK = re.compile(r"(/(?:cancellations|reschedulings)/)[A-Za-z0-9-]+")
# Tokens that tell what they are: GitLab's, GitHub's, Slack's, Google's and Amazon's.
TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:gl(?:pat|dt|rtr?|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[\w-]{16,}|gh[pousr]_\w{16,}|github_pat_\w{16,}"
    r"|xox[a-z]-[\w-]{10,}|AIza[\w-]{30,}|AKIA[A-Z0-9]{12,})"
)
# The first beginning in a run of such characters is the only one that is tried: from a later one, the run would be shorter still.
JSON_WEB_TOKEN = re.compile(r"(?<![\w-])(?>([\w-]*?)(eyJ))[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
# What a telephone dials by itself: the number, then the meeting and its password after pauses.
DIALED = re.compile(r"(?:,{2,}|[,;]\*|#,)[\d,;*#]{3,}")
MARKUP = re.compile(r"<(script|style)\b.*?(?:</\1>|$)|<[^<>]*>", re.IGNORECASE | re.DOTALL)
LINK = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
# Parameters that say which meeting it is, without which some services' links lead nowhere.
HARMLESS_PARAMETERS = frozenset({"context", "mtid"})
# Parts of a path that nobody chose as a name: an unguessable path is a token, too.
RANDOM_PART = re.compile(
    r"(?=[^/]*\d)(?:(?=[^/]*[a-z])(?=[^/]*[A-Z])[\w.~-]{24,}|[\w-]*(?=[0-9]*[A-Za-z])[A-Za-z0-9]{16,}[\w-]*"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
)
# No secret is as short as this, and a version in an address is.
SHORT_VALUE = 3
# In every word of `supops.models.passwords` is one of these. Its searches take as long to import as all that is here, and most texts tell none.
PASSWORD_STEMS = (
    *(
        "pass",
        "paß",
        "kenn",
        "pw",
        "pin",
        "otp",
        "key",
        "code",
        "token",
        "secret",
        "contrase",
        "digo de",
        "senha",
        "wacht",
        "senord",
    ),
    *("adgangs", "hasł", "parola", "пароль", "密码", "密碼", "パスワード", "비밀번호"),
)
# Format characters that change the direction of what follows, or hide.
HIDDEN = frozenset(
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)


def redact(text: str) -> str:
    """Take out of a text what could be a secret: passwords and tokens in addresses, bearer tokens, private links."""
    text = USER_IN_URL.sub("", text)
    # Most texts lack a character that these need, which is found out in a hundredth of the time that they take.
    if "=" in text:
        text = SENSITIVE_PARAMETERS.sub(rf"\1{REDACTED}", text)
    text = TOKEN.sub(REDACTED, BEARER_LIKE_LINK.sub(rf"\1{REDACTED}", text))
    if "eyJ" in text:
        text = JSON_WEB_TOKEN.sub(rf"\1{REDACTED}", text)
    return BEARER.sub(_without_credentials, text)


def publishable(text: str, *, longest: int, is_title: bool = False) -> str:
    """Return a text as it may stand in a calendar that a whole team reads: one line, of limited length, without secrets.

    Control characters and such as change the direction of what follows are left out. Links lose what lets their bearer in, and
    passwords that are told are left out with the rest of their line: rather too much than too little.

    Args:
        text: From outside.
        longest: How many characters are kept.
        is_title: The team gave it, and tells passwords there at most as "Password: 4711".
    """
    lines = "\n".join(_beginning(text, LONGEST_READ).splitlines())
    seen = lines.translate(
        {ord(char): _in_place_of(char) for char in set(lines) if char != "\n" and is_unseen(char)}
    )
    seen = redact(LINK.sub(lambda match: harmless_link(match[0]), seen))
    if _may_name_a_password(seen):
        from supops.models.passwords import without_labeled_passwords, without_told_passwords

        without = without_labeled_passwords if is_title else without_told_passwords
        seen = without(seen, mark=REDACTED)
    seen = DIALED.sub(REDACTED, seen)
    shown = " ".join(seen.split())
    return shown if len(shown) <= longest else f"{shown[: longest - 1].rstrip()}…"


def answered(question: str, answer: str, *, longest: int) -> str:
    """Return an answer as `publishable`. Of a question for a password nothing is kept, and for a token no single word."""
    if answer and _may_name_a_password(question):
        from supops.models.passwords import PASSWORD_WORD, TOKEN_WORD

        asked = question[:LONGEST_READ]
        is_one_word = len(answer.split(maxsplit=1)) == 1
        if PASSWORD_WORD.search(asked) or (is_one_word and TOKEN_WORD.search(asked)):
            return REDACTED
    return publishable(answer, longest=longest)


def names_a_password(name: str) -> bool:
    """Whether a key of a document is that of a password."""
    if not _may_name_a_password(name):
        return False
    from supops.models.passwords import PASSWORD_WORD

    return PASSWORD_WORD.search(name) is not None


def harmless_link(url: str) -> str:
    """Return a link without the parts that let in whoever has it: user, parameters and fragment.

    Only the parameters stay that name the meeting. Of what is no link at all, nothing is returned.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() in HARMLESS_PARAMETERS]
    host = parts.netloc.rpartition("@")[2]
    return redact(urlunsplit((parts.scheme, host, parts.path, urlencode(kept), "")))


def masked_address(url: str) -> str:
    """Return an address that deliveries go to, as it may be shown: in parameters, and in parts of a path, are the tokens that open it."""
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return REDACTED
    query = "&".join(
        f"{name}={value if len(value) <= SHORT_VALUE else REDACTED}" if value else _short(name)
        for name, value in pairs
    )
    host = parts.netloc.rpartition("@")[2]
    path = "/".join(REDACTED if RANDOM_PART.fullmatch(part) else part for part in parts.path.split("/"))
    return redact(urlunsplit((parts.scheme, host, path, query, _short(parts.fragment))))


def excerpt(body: bytes) -> str:
    """Return the beginning of an answer's body as one line of text without secrets; of HTML, what a reader would see."""
    text = body[: SHOWN_BODY * 20].decode("utf-8", "replace")
    if "<" in text:
        text = MARKUP.sub(" ", text)
    # Redacted first: half of a token is not known for one.
    text = redact(" ".join("".join(char if char.isprintable() else " " for char in text).split()))
    return text if len(text) <= SHOWN_BODY else f"{text[:SHOWN_BODY]}..."


def is_unseen(char: str) -> bool:
    """Whether a character is not for showing: a control, a direction mark, half of a pair, or none at all."""
    return char in HIDDEN or unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn")


def _in_place_of(unseen: str) -> str:
    """Return what stands for an unseen character. What hides leaves no gap: a word with such in it is that word."""
    return "" if unseen in HIDDEN else " "


def _may_name_a_password(text: str) -> bool:
    folded = text.lower().replace("ſ", "s")
    return any(stem in folded for stem in PASSWORD_STEMS)


def _beginning(text: str, length: int) -> str:
    """Return the first words of a text. The one that would be cut is left out: half of a secret is not known for one."""
    kept = text[:length]
    if len(kept) == len(text) or text[length].isspace():
        return kept
    words = kept.rsplit(maxsplit=1)
    return words[0] if len(words) > 1 else kept


def _without_credentials(match: re.Match[str]) -> str:
    scheme, value = match.groups()
    if scheme.lower() == "basic" and WORD.fullmatch(value):
        return match[0]
    return f"{scheme} {REDACTED}"


def _short(text: str) -> str:
    return text if len(text) <= SHORT_VALUE else REDACTED
