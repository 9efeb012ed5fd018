"""Which addresses news may be sent to: none inside our own walls, unless whoever runs Outsize says so."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

NAT64 = ip_network("64:ff9b::/96")
OPEN_IPV6 = ip_network("2000::/3")
"""All that is given out for the open internet; what else ipaddress calls global is old, local or an IPv4 address in disguise."""
PROTOCOLS = ip_network("192.0.0.0/24")
"""Kept for protocols; one cloud tells its machines their secrets there."""
LONGEST = 1000


class AddressRefused(ValueError):
    """News may not be sent there; the message says why."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet: not loopback, private, link-local, multicast or reserved, also where
    it is an IPv4 address within an IPv6 one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    within = _within(found)
    if within is not None:
        return is_public(str(within))
    is_open = found in OPEN_IPV6 if isinstance(found, IPv6Address) else found not in PROTOCOLS
    return is_open and found.is_global and not found.is_multicast


def check_web(address: str, *, may_be_local: bool) -> None:
    """Raise AddressRefused unless this can be a webhook's address. Whom its name stands for is checked at each sending."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if not host or parts.scheme not in {"http", "https"} or any(one.isspace() for one in address):
        raise AddressRefused("Please give a web address such as https://example.org/news.")
    if len(address) > LONGEST:
        raise AddressRefused(f"Please keep this under {LONGEST} characters.")
    if parts.username or parts.password:
        raise AddressRefused("Please leave the user and password out; the signature says who we are.")
    if may_be_local:
        return
    if parts.scheme != "https":
        raise AddressRefused("The address has to begin with https://, so that nobody reads along.")
    if is_local(host):
        raise AddressRefused(
            "This address is inside your own network. Whoever runs Outsize can allow that:"
            " OUTSIZE_WEBHOOKS_MAY_BE_LOCAL."
        )


def is_local(host: str) -> bool:
    """Whether a host is plainly within our walls: by its name, or as a number."""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return not is_public(host)


def check_found(addresses: list[str], *, may_be_local: bool) -> None:
    """Raise AddressRefused where a name stands for an address within our walls, be it one of many."""
    if not may_be_local and not all(is_public(one) for one in addresses):
        raise AddressRefused("Its name stands for an address inside your own network, so nothing was sent.")


def masked(address: str) -> str:
    """An address as it may be shown: what follows the host can be as good as a password."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"}:
        return f"{parts.scheme}://…" if parts.scheme else ""
    shown = f"{parts.scheme}://{host}{f':{port}' if port else ''}"
    return shown + ("/…" if parts.path.strip("/") or parts.query else "")


def _within(found: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(found, IPv4Address):
        return None
    if found in NAT64:
        return IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
