"""Signatures as Standard Webhooks has them, and the addresses that news may go to."""

import pytest

from portfolio.rules.addresses import AddressRefused, check_found, check_web, is_public, masked
from portfolio.rules.signing import BadSecret, headers, key, secret_of, signature

PUBLISHED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_published_example_gives_the_published_signature() -> None:
    """From the tests of the reference libraries, github.com/standard-webhooks/standard-webhooks."""
    said = signature(PUBLISHED, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_give_two_signatures_in_one_header() -> None:
    other = secret_of(b"x" * 32)
    found = headers([PUBLISHED, other], "msg_1", 1, b"{}")
    both = [signature(secret, "msg_1", 1, b"{}") for secret in (PUBLISHED, other)]
    assert found == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1",
        "webhook-signature": " ".join(both),
    }


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "not base64 at all", "whsec_" + "A" * 200]
)
def test_what_is_no_secret_signs_nothing(secret: str) -> None:
    with pytest.raises(BadSecret):
        key(secret)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # where clouds keep their keys
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - looked at, never bound to
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("::127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False),
        ("fec0::1", False),
        ("192.0.0.192", False),
        ("example.org", False),
    ],
)
def test_what_counts_as_the_open_internet(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "ftp://example.org/x",
        "https://",
        "https://exa mple.org/",
        "https://[::1",
        "https://user:password@example.org/",
        "http://example.org/",
        "https://localhost/x",
        "https://printer.local/",
        "https://127.0.0.1/",
        "https://[::1]:8000/",
        "https://192.168.0.5/",
        "https://example.org:99999/",
        "https://example.org/" + "x" * 1000,
    ],
)
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        check_web(address, may_be_local=False)


def test_local_ones_are_for_those_who_may() -> None:
    check_web("https://example.org:8443/a?b=c", may_be_local=False)
    check_web("http://127.0.0.1:9000/a", may_be_local=True)
    check_found(["8.8.8.8"], may_be_local=False)
    check_found(["127.0.0.1"], may_be_local=True)
    with pytest.raises(AddressRefused):
        check_found(["8.8.8.8", "127.0.0.1"], may_be_local=False)


def test_what_follows_the_host_is_not_shown() -> None:
    assert [
        masked(one) for one in ("https://a.example:8443/s3cret?k=1", "https://a.example", "slack://T/A/B")
    ] == [
        "https://a.example:8443/…",
        "https://a.example",
        "slack://…",
    ]
