"""Passwords that people tell in prose: "Password: 4711", "the token is abc123", or the word on one line and the secret on the next.

Of a password, rather too much is left out than too little. Tokens and keys are also what customers ask about, so of these only what
looks like one.

Whoever books a meeting writes these texts. No search here may therefore look further than a bounded way from where it begins.
"""

import re
from collections.abc import Iterator
from enum import IntEnum

# Before a word: no letter, or the change from small to capital that begins a word in `clientSecret`. An underscore or digit may stand there.
_BEGINS = r"(?:(?<![^\W\d_])|(?<=(?-i:[a-z]))(?=(?-i:[A-Z])))"
_ENDS = r"s?(?![^\W\d_])"
_GAP = r"[ _-]?"
# What it is about cannot be mistaken, whatever it is joined to: Zoompasswort, mypassword.
_PASSWORD_ANYWHERE = r"pass(?:word|wd|wort|wörter|code|phrase)|paßwort|kenn(?:wort|wörter|code)|пароль|密码|密碼|パスワード|비밀번호"
_PASSWORD = (
    rf"pass{_GAP}(?:word|code|phrase|wort)|pwd?|pin(?:{_GAP}(?:code|number|nummer))?|t?otp|host{_GAP}key|"
    rf"(?:access|security|entry|door|one[ _-]time|zugangs|sicherheits|einmal|toegangs){_GAP}code|mot de passe|code d.acc[eè]s|"
    r"contrase(?:ñ|n\u0303|n)a|c[oó]digo de acceso|senha|wachtwoord|lösenord|adgangskode|hasło|parola"
)
_TOKEN = rf"{_BEGINS}(?:api|access|private|secret|signing|client){_GAP}key|token|secret"
PASSWORD_WORD = re.compile(
    rf"(?:(?:{_PASSWORD_ANYWHERE})|{_BEGINS}(?:{_PASSWORD})){_ENDS}|密码|密碼|パスワード|비밀번호",
    re.IGNORECASE,
)
TOKEN_WORD = re.compile(rf"(?:{_TOKEN}){_ENDS}", re.IGNORECASE)
# Means a password before a colon, and all sorts of things elsewhere.
LABEL = re.compile(rf"{_BEGINS}pass(?=[\"')\]]{{0,2}}[ \t]{{0,3}}[:=：])", re.IGNORECASE)

# After a word: how far a value may be from it.
NEAR = 40
_SIGN = r"[:=#：]"
_VERB = r"(?<![^\W_])(?:is|are|ist|lautet|est|es)(?![^\W_])"
SIGN_OR_VERB = re.compile(rf"{_SIGN}|{_VERB}", re.IGNORECASE)
SIGN_FOLLOWS = re.compile(rf"[\"')\]]{{0,2}}[ \t]{{0,3}}{_SIGN}")
LABELED = re.compile(rf"(?P<word>{PASSWORD_WORD.pattern}){SIGN_FOLLOWS.pattern}[^\n]*", re.IGNORECASE)
NOTHING_MORE = re.compile(rf"(?:[\s\"')\]–>-]|{_SIGN}|{_VERB}){{0,20}}+", re.IGNORECASE)
FIRST_WORD = re.compile(r"[\s:=#：\"'(\[–>-]{0,20}+(\S{1,400}+)")
# A number that opens something has four digits at least; a shorter one is a version or a count.
LONG_NUMBER = re.compile(r"(?<!\d)\d{4,40}+")
PUNCTUATION = "\"'()[]<>.,;:!?`*"
LONG_VALUE = 16
# They begin or go on with a sentence that is about the password and does not tell it.
_ORDINARY_WORDS = """
a about after again all already also always am an and any are as at be because been before being blocked
broken but by can can't cannot change changed changes could detection did do does doesn't don't error
exists expired expires fail failed fails for forgot forgotten from gets gone had has have he hello help hi how
i i'm if in incorrect instead into invalid is it it's its just known leaked longer lost manager me missing
must my need needed needs never new no none not nothing now of off ok old on once only or our out page please
policies policy prompt protected protection recovery refused rejected rejects request requested required
requirements reset resets resetting revoked rotated rotation safe scanning see set settings she should since
so still sync thank thanks that the their them then there they this to too unknown until unset up update
updated us was we were what what's when where which who why will with without won't work working works would
wrong yes yet you your abgelaufen auf bei bitte danke das der die ein eine falsch für funktioniert geht habe
ich ist kann mein meine mit nicht ungültig unser vergessen von warum was wie wir wo zurücksetzen
"""
ORDINARY = frozenset(_ORDINARY_WORDS.split())


class _Awaited(IntEnum):
    """What of the next line goes, when a line ended where a value would begin."""

    NOTHING = 0
    VALUE = 1
    WORD = 2
    SENTENCE = 3
    ANYTHING = 4


def without_told_passwords(text: str, *, mark: str) -> str:
    """Return a text with a mark in place of what may be a password that somebody tells."""
    return "\n".join(_lines(text, mark))


def without_labeled_passwords(text: str, *, mark: str) -> str:
    """Return a title with a mark in place of what stands after "password:" or the like. Titles are about passwords more often."""
    return LABELED.sub(rf"\g<word> {mark}", text)


def _lines(text: str, mark: str) -> Iterator[str]:
    awaited = _Awaited.NOTHING
    for line in text.split("\n"):
        if not line.strip():
            yield line
        elif _is_awaited(line, awaited):
            yield mark
            awaited = _Awaited.NOTHING
        else:
            shown, awaited = _without_passwords(line, mark)
            shown, after_token = _without_tokens(shown, mark)
            awaited = max(awaited, after_token)
            yield shown


def _is_awaited(line: str, awaited: _Awaited) -> bool:
    if awaited in (_Awaited.NOTHING, _Awaited.ANYTHING):
        return awaited is _Awaited.ANYTHING
    if awaited is _Awaited.SENTENCE:
        return not _is_ordinary(_first_word(line))
    alone = line.split(maxsplit=1)
    if len(alone) > 1:
        return False
    return not _is_ordinary(alone[0]) if awaited is _Awaited.WORD else _is_value(alone[0])


def _without_passwords(line: str, mark: str) -> tuple[str, _Awaited]:
    """Cut a line after the first mention of a password that a value may follow."""
    for match in _each(line, PASSWORD_WORD, LABEL):
        rest = line[match.end() :]
        if match.re is LABEL and _is_ordinary(_first_word(rest)):
            continue
        if NOTHING_MORE.fullmatch(rest):
            if SIGN_OR_VERB.search(rest):
                return line, _Awaited.ANYTHING
            is_label = len(line[:200].split()) <= 2
            return line, _Awaited.SENTENCE if is_label else _Awaited.WORD
        if _tells(rest):
            return f"{line[: match.end()]} {mark}", _Awaited.NOTHING
    return line, _Awaited.NOTHING


def _tells(rest: str) -> bool:
    """Whether what follows the mention of a password may tell it."""
    near = rest[:NEAR]
    if SIGN_FOLLOWS.match(rest):
        return True
    only = FIRST_WORD.fullmatch(rest.rstrip())
    if only and not _is_ordinary(only[1]) and only[1].strip(PUNCTUATION):
        return True
    verb = SIGN_OR_VERB.search(near)
    if _is_ordinary(_first_word(rest[verb.end() :] if verb else rest)):
        # "My password is rejected since 17.4" tells none, "is not working, it is hunter2" does.
        return bool(LONG_NUMBER.search(near)) or any(_is_value(word, short=6) for word in near.split())
    return verb is not None or any(char.isdecimal() for char in near)


def _without_tokens(line: str, mark: str) -> tuple[str, _Awaited]:
    """Take values out of a line that mentions tokens or keys, each where it stands."""
    start = 0
    parts: list[str] = []
    for match in _each(line, TOKEN_WORD):
        if match.start() < start:
            continue
        rest = line[match.end() :]
        if NOTHING_MORE.fullmatch(rest):
            return "".join([*parts, line[start:]]), _after_token(rest)
        if SIGN_FOLLOWS.match(rest) and not _is_ordinary(_first_word(rest)):
            parts.append(f"{line[start : match.end()]} {mark}")
            return "".join(parts), _Awaited.NOTHING
        found = _value_after(rest)
        if found:
            first, last = (match.end() + place for place in found)
            parts.append(f"{line[start:first]}{mark}")
            start = last
    return "".join([*parts, line[start:]]), _Awaited.NOTHING


def _after_token(rest: str) -> _Awaited:
    return _Awaited.SENTENCE if SIGN_FOLLOWS.match(rest) else _Awaited.VALUE


def _value_after(rest: str) -> tuple[int, int] | None:
    """Return where the value stands that follows the mention of a token: beside it, or after the next sign or verb that is near."""
    beside = FIRST_WORD.match(rest)
    if beside and _is_value(beside[1], short=8):
        return beside.span(1)
    for sign in SIGN_OR_VERB.finditer(rest, 0, NEAR):
        follows = FIRST_WORD.match(rest, sign.end())
        directly = not rest[: sign.start()].strip()
        if follows and _is_value(follows[1], short=1 if directly else 6, mixed=not directly):
            return follows.span(1)
    return None


def _is_value(word: str, *, short: int = 1, mixed: bool = False) -> bool:
    """Whether a word looks like a secret: it has a digit, or is longer than words are, or has a capital within.

    Args:
        word: The word, perhaps with punctuation around it.
        short: Shorter ones are none.
        mixed: Whether digits count only beside a letter: a number may be a version or a count.
    """
    word = word.strip(PUNCTUATION)
    if len(word) < short or word.lower().startswith(("http:", "https:")):
        return False
    letters = any(char.isalpha() for char in word)
    if any(char.isdecimal() for char in word):
        return letters or not mixed
    is_mixed = not word[1:].islower() and not word.isupper()
    return word.isalnum() and (len(word) > LONG_VALUE or (is_mixed and len(word) > 5))


def _is_ordinary(word: str) -> bool:
    return word.strip(PUNCTUATION).replace("’", "'").lower() in ORDINARY


def _first_word(text: str) -> str:
    found = FIRST_WORD.match(text)
    return found[1] if found else ""


def _each(line: str, *patterns: re.Pattern[str]) -> list[re.Match[str]]:
    found = [match for pattern in patterns for match in pattern.finditer(line)]
    return sorted(found, key=lambda match: match.start())
