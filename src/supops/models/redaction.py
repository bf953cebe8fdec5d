"""Texts from outside, with what could be a secret taken out."""

import re
import unicodedata
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

REDACTED = "[redacted]"
SHOWN_BODY = 200
SENSITIVE_PARAMETERS = re.compile(
    r"([?&;]|\b)((?:[a-z_]*(?:token|secret|password|passcode|signature|api_key|pwd)|code|key|zak)=)[^&\s\"'>]+",
    re.IGNORECASE,
)
BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
USER_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")
BEARER_LIKE_LINK = re.compile(r"(/(?:cancellations|reschedulings)/)[A-Za-z0-9-]+")
# Tokens that tell what they are: GitLab's, GitHub's, Slack's, Google's, Amazon's, and JSON web tokens.
TOKEN = re.compile(
    r"\b(?:gl[a-z]{2,5}-[\w-]{16,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|xox[a-z]-[\w-]{10,}|AIza[\w-]{30,}|AKIA[A-Z0-9]{12,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
PASSWORD_WORD = (
    r"pass(?:word|code|phrase|wort)|pwd|pin(?:[ -]?code)?|host[ -]?key|access[ -]?code|kennwort|zugangscode|"
    r"mot de passe|contrase(?:ñ|n)a|senha|wachtwoord|lösenord|secret|token|api[ -]?key"
)
ABOUT_A_PASSWORD = re.compile(rf"\b(?:{PASSWORD_WORD})\b", re.IGNORECASE)
# From the word to the end of its line, where a value may follow: "I forgot my password" tells none, "PIN 4711" does.
TOLD_PASSWORD = re.compile(
    rf"\b((?:{PASSWORD_WORD})s?\b)(?=[^\n]{{0,40}}?(?:[:=#]|\b(?:is|ist|est|es)\b|\d))[^\n]*", re.IGNORECASE
)
# What a telephone dials by itself: the number, then the meeting and its password after pauses.
DIALED = re.compile(r"(?:,{2,}|[,;]\*|#,)[\d,;*#]{3,}")
LINK = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
# Parameters that say which meeting it is, without which some services' links lead nowhere.
HARMLESS_PARAMETERS = frozenset({"context", "mtid"})
# No secret is as short as this, and a version in an address is.
SHORT_VALUE = 3
# Format characters that change the direction of what follows, or hide.
HIDDEN = frozenset(
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)


def redact(text: str) -> str:
    """Take out of a text what could be a secret: passwords and tokens in addresses, bearer tokens, private links."""
    text = USER_IN_URL.sub("", text)
    text = SENSITIVE_PARAMETERS.sub(rf"\1\2{REDACTED}", text)
    text = BEARER_LIKE_LINK.sub(rf"\1{REDACTED}", text)
    text = TOKEN.sub(REDACTED, text)
    return BEARER.sub(rf"\1 {REDACTED}", text)


def publishable(text: str, *, longest: int) -> str:
    """Return a text as it may stand in a calendar that a whole team reads: one line, of limited length, without secrets.

    Control characters and such as change the direction of what follows are left out. Links lose what lets their bearer in, and
    what follows the mention of a password is left out to the end of its line: rather too much than too little.
    """
    seen = "".join(char if char == "\n" else " " if is_unseen(char) else char for char in text)
    seen = LINK.sub(lambda match: harmless_link(match[0]), seen)
    seen = DIALED.sub(REDACTED, TOLD_PASSWORD.sub(rf"\1 {REDACTED}", redact(seen)))
    shown = " ".join(seen.split())
    return shown if len(shown) <= longest else f"{shown[: longest - 1].rstrip()}…"


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
    """Return an address that deliveries go to, as it may be shown: in its parameters are the tokens that open it."""
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
    return redact(urlunsplit((parts.scheme, host, parts.path, query, _short(parts.fragment))))


def excerpt(body: bytes) -> str:
    """Return the beginning of an answer's body as one line of text without secrets; of HTML, what a reader would see."""
    text = body[: SHOWN_BODY * 20].decode("utf-8", "replace")
    if "<" in text:
        text = re.sub(r"(?is)<(script|style)\b.*?(</\1>|$)|<[^>]*>", " ", text)
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return redact(text if len(text) <= SHOWN_BODY else f"{text[:SHOWN_BODY]}...")


def is_unseen(char: str) -> bool:
    """Whether a character is not for showing: a control, a direction mark, half of a pair, or none at all."""
    return char in HIDDEN or unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn")


def _short(text: str) -> str:
    return text if len(text) <= SHORT_VALUE else REDACTED
