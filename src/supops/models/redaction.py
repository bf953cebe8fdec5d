"""Texts from outside, with what could be a secret taken out."""

import re
import unicodedata
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SENSITIVE_PARAMETERS = re.compile(
    r"([?&;]|\b)((?:[a-z_]*(?:token|secret|password|passcode|signature|api_key|pwd)|code|key|zak)=)[^&\s\"'>]+",
    re.IGNORECASE,
)
SENSITIVE_NAME = re.compile(
    r"[a-z_]*(token|secret|password|passcode|signature|api_key|pwd|pass)|code|key|zak|tk|pin|sig|auth",
    re.IGNORECASE,
)
BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
USER_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")
BEARER_LIKE_LINK = re.compile(r"(/(?:cancellations|reschedulings)/)[A-Za-z0-9-]+")
SPOKEN_PASSWORD = re.compile(
    r"\b(pass(?:word|code|phrase)|pwd|pin(?: code)?|host key)(\s*(?:is|[:=])\s*)(\S+)", re.IGNORECASE
)
SHOWN_BODY = 200
REDACTED = "[redacted]"
# Format characters that change the direction of what follows, or hide.
HIDDEN = frozenset(
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)


def redact(text: str) -> str:
    """Take out of a text what could be a secret: passwords and tokens in addresses, bearer tokens, private links."""
    text = USER_IN_URL.sub("", text)
    text = SENSITIVE_PARAMETERS.sub(rf"\1\2{REDACTED}", text)
    text = BEARER_LIKE_LINK.sub(rf"\1{REDACTED}", text)
    return BEARER.sub(rf"\1 {REDACTED}", text)


def publishable(text: str, *, longest: int) -> str:
    """Return a text as it may stand in a calendar that a whole team reads: one line, of limited length, without secrets.

    Control characters and such as change the direction of what follows are left out; what looks like a password is redacted.
    """
    shown = "".join(" " if is_unseen(char) else char for char in text)
    shown = " ".join(SPOKEN_PASSWORD.sub(rf"\1\2{REDACTED}", redact(shown)).split())
    return shown if len(shown) <= longest else f"{shown[: longest - 1].rstrip()}…"


def harmless_link(url: str) -> str:
    """Return a link without the parts that let in whoever has it: passwords and tokens among its parameters, and in front of the host."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if not SENSITIVE_NAME.fullmatch(name)]
    host = parts.netloc.rpartition("@")[2]
    return redact(urlunsplit((parts.scheme, host, parts.path, urlencode(kept), "")))


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
