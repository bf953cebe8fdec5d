"""Sampling: deliveries that are made up, changed as somebody wants them, and where they may be sent."""

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from urllib.parse import urlsplit

from supops.errors import UsageError
from supops.models.hosts import is_loopback
from supops.models.redaction import is_unseen, masked_address

ANY_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  (not bound to, but replaced)


def nearest_event(event: str, known: Iterable[str]) -> str:
    """Return the event that was meant; empty where none is near. Who sends it may be left out."""
    names = list(known)
    whole = [name for name in names if name.endswith(f":{event}")]
    return next(iter(whole or get_close_matches(event, names, n=1, cutoff=0.4)), "")


def known_event(event: str, source: str | None, senders: Mapping[str, str]) -> str:
    """Return whose event it is.

    Args:
        event: Its name.
        source: Whose it should be; None for whoever has it.
        senders: All events, each with who sends it.

    Raises:
        UsageError: There is no such event, or somebody else sends it.
    """
    sender = senders.get(event)
    if sender is None:
        own = [name for name, owner in senders.items() if source in (None, owner)]
        nearest = nearest_event(event, own)
        meant = f" Did you mean {nearest}?" if nearest else ""
        raise UsageError(
            f"There is no sample of an event {event[:80]!r}.{meant}", hint=f"Known are {', '.join(own)}."
        )
    if source not in (None, sender):
        own = [name for name, owner in senders.items() if owner == source]
        raise UsageError(f"{event} is no event of {source}.", hint=f"Its events here are {', '.join(own)}.")
    return sender


def with_values(document: Mapping[str, object], settings: Iterable[str]) -> dict[str, object]:
    """Return a document with some values changed.

    Args:
        document: As JSON has it.
        settings: ``path=value`` each: keys and places in lists, with dots between them; the value as JSON, or else as text.

    Raises:
        UsageError: A path leads nowhere; the nearest key is named.
    """
    changed: dict[str, object] = dict(document)
    for setting in settings:
        path, separator, text = setting.partition("=")
        if not separator or not path:
            raise UsageError(
                f"--set: {setting[:80]!r} is no PATH=VALUE.",
                hint='Such as --set payload.scheduled_event.name="Support, an upgrade".',
            )
        changed = dict(_items(_with_value(changed, path.split("."), (), _value(text))))
    return changed


def _items(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _with_value(inside: object, steps: Sequence[str], done: tuple[str, ...], value: object) -> object:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(inside, Mapping):
        if step not in inside:
            raise _nowhere(step, done, list(inside))
        return {**inside, step: _with_value(inside[step], rest, (*done, step), value)}
    if isinstance(inside, list):
        if not step.isdecimal() or int(step) >= len(inside):
            raise _nowhere(step, done, [str(place) for place in range(len(inside))])
        place = int(step)
        changed = _with_value(inside[place], rest, (*done, step), value)
        return [*inside[:place], changed, *inside[place + 1 :]]
    raise UsageError(
        f"--set: {'.'.join(done)} has nothing inside, so that {'.'.join((*done, *steps))} leads nowhere."
    )


def _nowhere(step: str, done: tuple[str, ...], known: list[str]) -> UsageError:
    nearest = get_close_matches(step, known, n=1, cutoff=0.4)
    meant = f" Did you mean {'.'.join((*done, nearest[0]))}?" if nearest else ""
    where = f"in {'.'.join(done)}" if done else "at the top"
    return UsageError(
        f"--set: there is no {step[:80]!r} {where}.{meant}",
        hint=f"There is {', '.join(known)}." if known else "It is an empty list.",
    )


def _value(text: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value


def local_address(host: str, port: int, path: str) -> str:
    """Return where a receiver on this machine is asked, that listens on a host and a port."""
    host = ANY_ADDRESSES.get(host, host)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}{path}"


def checked_address(url: str, path: str) -> str:
    """Return an address that a sample may be sent to; one without a path gets the receiver's.

    Raises:
        UsageError: It is no address, or what is sent there would travel without TLS.
    """
    if any(char.isspace() or is_unseen(char) for char in url):
        raise UsageError("--to: the address has spaces, control characters or direction marks in it.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if not host or port == 0 or parts.scheme not in ("http", "https"):
        raise UsageError(
            f"--to: {masked_address(url)!r} is no address that a delivery could be sent to.",
            hint="Such as https://hooks.example.com/calendly, or http://127.0.0.1:8080/calendly.",
        )
    if "@" in parts.netloc or "#" in url:
        raise UsageError(
            "--to: the address has a user before the host, or a part after #; deliveries carry neither."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError(
            f"--to: a delivery to {host} would travel without TLS.",
            hint="The address must begin with https://, unless it is on this machine (127.0.0.1, localhost).",
        )
    return f"{parts.scheme}://{parts.netloc}{path}" if parts.path in ("", "/") and not parts.query else url
