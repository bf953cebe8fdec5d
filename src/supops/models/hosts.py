"""Names of hosts."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, beyond doubt: ``localhost``, or an address of the loopback network."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
