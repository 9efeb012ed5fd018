"""What measures may be pulled from: hosts and databases that whoever runs Outsize named, with the headers they want, and queries
that only look."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from portfolio.rules.addresses import is_public

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
LONGEST_ADDRESS, LONGEST_QUERY = 1000, 10_000
_NEXT_HEADER = re.compile(r",(?=\s*[^\s=,]+=[^\s=:,]+\s*:)")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VISIBLE = re.compile(r"[!-~]([ -~]{0,7999}[!-~])?")
_OURS = {
    "host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te", "trailer", "upgrade", "expect", "keep-alive",
}  # fmt: skip
"""Headers the connection itself needs to be right."""
LEAST_SECRET = 8
"""Characters; shorter ones are in any answer."""


NOT_SECURE = "The address has to begin with https://, so that nobody reads or changes it on its way."


class SourceRefused(ValueError):
    """A value may not be pulled from there, or not so; the message says why."""


Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Allowed:
    """Hosts by name or address, each with the port it may be asked at (None: the usual one of its scheme); networks that may be
    asked at the usual ports; and all the networks and addresses within our walls that a name may stand for."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[Network, ...] = ()
    inside: tuple[Network, ...] = ()

    @classmethod
    def of(cls, said: str) -> "Allowed":
        """What a setting names. Raises ValueError with what is wrong."""
        hosts: set[tuple[str, int | None]] = set()
        networks: list[Network] = []
        inside: list[Network] = []
        for part in (one.strip().lower() for one in said.split(",")):
            network = _network(part)
            if network is not None:
                networks.append(network)
            elif part:
                host, port = _host(part)
                hosts.add((host, port))
                inside += [one for one in (_network(host),) if one is not None]
        return cls(frozenset(hosts), tuple(networks), (*networks, *inside))

    def names(self, host: str, port: int | None) -> bool:
        """Whether this host may be asked at this port; None is the usual one of its scheme."""
        usual = port is None or port in _PORTS.values()
        return (host, port) in self.hosts or (
            usual and ((host, None) in self.hosts or _within(host, self.networks))
        )

    def check(self, address: str) -> None:
        """Raise SourceRefused unless values may be asked for at this web address. Whom its name stands for is checked when it
        is asked."""
        try:
            parts = urlsplit(address)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        if not host or parts.scheme not in _PORTS or re.search(r"[\s\\]", address):
            raise SourceRefused("Please give a web address such as https://data.example.org/sales.json.")
        if len(address) > LONGEST_ADDRESS:
            raise SourceRefused(f"Please keep the address under {LONGEST_ADDRESS:,} characters.")
        if parts.username or parts.password:
            raise SourceRefused("Please leave the user and password out of the address.")
        asked, usual = port or _PORTS[parts.scheme], port in {None, _PORTS[parts.scheme]}
        known = (host, asked) in self.hosts or (
            usual and ((host, None) in self.hosts or _within(host, self.networks))
        )
        if not known:
            where = host if usual else f"{host}:{asked}"
            raise SourceRefused(
                f"Nothing may be pulled from {where}. Whoever runs Outsize can allow it: OUTSIZE_MEASURE_HOSTS."
            )
        if parts.scheme == "http" and not self.inside:
            raise SourceRefused(NOT_SECURE)

    def check_found(self, addresses: list[str], *, secure: bool) -> None:
        """Raise SourceRefused where a name stands for an address inside our walls that isn't named itself, be it one of many, or
        where others could read along because it is outside and not `secure`."""
        if not addresses:
            raise SourceRefused("Its name stands for no address.")
        ours = [_within(one, self.inside) for one in addresses]
        if not all(named or is_public(one) for one, named in zip(addresses, ours, strict=True)):
            raise SourceRefused(
                "Its name stands for an address inside your own network, so nothing was asked. Whoever runs Outsize can allow that address: OUTSIZE_MEASURE_HOSTS."
            )
        if not secure and not all(ours):
            raise SourceRefused(NOT_SECURE)


def databases_in(said: str) -> dict[str, str]:
    """The databases a setting names, by name. Raises ValueError with what is wrong; never with an address, which has passwords."""
    found: dict[str, str] = {}
    for part in (one.strip() for one in said.split(",")):
        if not part:
            continue
        name, sign, url = part.partition("=")
        if not sign or not _NAME.fullmatch(name.strip()):
            raise ValueError("must be NAME=ADDRESS, with names of letters, digits, - and _")
        if not url.strip().startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError(f"{name.strip()} must start with sqlite:/// or postgresql://")
        found[name.strip()] = url.strip()
    return found


@dataclass(frozen=True, repr=False)
class Headers:
    """What is sent along to a host so that it answers, keys mostly: by host and port (None: the usual one of its scheme)."""

    by_host: dict[tuple[str, int | None], dict[str, str]]

    @classmethod
    def of(cls, said: str) -> "Headers":
        """What a setting names: HOST=NAME: VALUE, comma-separated. Raises ValueError with what is wrong; never with a value."""
        found: dict[tuple[str, int | None], dict[str, str]] = {}
        for part in (one.strip(", \t\r\n") for one in _NEXT_HEADER.split(said)):
            if not part:
                continue
            where, sign, header = part.partition("=")
            name, colon, value = (one.strip() for one in header.partition(":"))
            if not (sign and colon and _TOKEN.fullmatch(name) and _VISIBLE.fullmatch(value)):
                raise ValueError(
                    "must be HOST=NAME: VALUE, say for example data.example.org=Authorization: Bearer KEY"
                )
            if name.lower() in _OURS:
                raise ValueError(f"can't say {name}, which is ours to say")
            found.setdefault(_host(where.strip().lower()), {})[name] = value
        return cls(found)

    def check(self, allowed: Allowed) -> None:
        """Raise ValueError where one is for a host that isn't asked."""
        for host, port in self.by_host:
            if not allowed.names(host, port):
                raise ValueError(f"{host}{f':{port}' if port else ''} isn't among OUTSIZE_MEASURE_HOSTS")

    def at(self, address: str) -> dict[str, str]:
        """Those for a web address that was checked."""
        parts = urlsplit(address)
        host, usual = (parts.hostname or "").lower(), _PORTS.get(parts.scheme)
        asked = parts.port or usual
        return {
            **(self.by_host.get((host, None), {}) if asked == usual else {}),
            **self.by_host.get((host, asked), {}),
        }


def tells(content: bytes, headers: Mapping[str, str]) -> bool:
    """Whether an answer says one of the secrets that were sent along."""
    secrets = [word for value in headers.values() for word in (value, value.split()[-1])]
    return any(len(one) >= LEAST_SECRET and one.encode() in content for one in secrets)


def check_query(query: str) -> str:
    """The one query that only looks, without its last semicolon. Raises SourceRefused; the database has the last word."""
    tidy = query.strip().rstrip(";").strip()
    if not tidy:
        raise SourceRefused("Please give a query.")
    if len(tidy) > LONGEST_QUERY:
        raise SourceRefused(f"Please keep the query under {LONGEST_QUERY:,} characters.")
    if not re.match(r"(select|with|values)\b", _bare(tidy), re.IGNORECASE):
        raise SourceRefused("Please give one query that begins with SELECT or WITH; nothing else is run.")
    return tidy


def _bare(query: str) -> str:
    """The query without the comments and brackets before it."""
    return re.sub(r"^(\s|--[^\n]*(\n|$)|/\*.*?\*/|\()+", "", query, flags=re.DOTALL)


def _network(part: str) -> Network | None:
    try:
        return ip_network(part, strict=False)
    except ValueError:
        return None


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(found in network for network in networks)


def _host(part: str) -> tuple[str, int | None]:
    host, sign, port = part.rpartition(":") if part.count(":") == 1 or "]" in part else (part, "", "")
    host = host.strip("[]")
    if sign and not (port.isdecimal() and 0 < int(port) < 65_536):
        raise ValueError(f"{part} has no such port; say for example data.example.org:8443")
    if not _HOST.fullmatch(host) and _network(host) is None:
        raise ValueError(
            f"{part} is no host, address or network; say for example data.example.org or 10.0.0.0/8"
        )
    return host, int(port) if port else None
