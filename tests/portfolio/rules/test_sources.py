"""What measures may be pulled from: only what is named, by the port that is named, and never into our own walls by a trick."""

import pytest

from portfolio.rules.sources import Allowed, Headers, SourceRefused, check_query, databases_in, tells

NAMED = Allowed.of(
    "Data.example.org, api.example.org:8443, intranet, 10.1.0.0/16, 127.0.0.1:9000, 192.168.7.7"
)


@pytest.mark.parametrize(
    "address",
    [
        "https://data.example.org/sales.json?key=1",
        "https://DATA.example.org:443/",
        "https://api.example.org:8443/x",
        "http://10.1.2.3/x",
        "http://127.0.0.1:9000/x",
        "http://intranet/x",
        "https://192.168.7.7/",
    ],
)
def test_what_is_named_may_be_asked(address: str) -> None:
    NAMED.check(address)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://other.example.org/", "Nothing may be pulled from other.example.org."),
        ("https://data.example.org.evil.example/", "Nothing may be pulled from"),
        ("https://data.example.org:8443/", "Nothing may be pulled from data.example.org:8443."),
        ("https://api.example.org/", "Nothing may be pulled from api.example.org."),
        ("http://127.0.0.1/", "Nothing may be pulled from 127.0.0.1."),
        ("http://127.0.0.1:22/", "Nothing may be pulled from 127.0.0.1:22."),
        ("http://10.2.0.1/", "Nothing may be pulled from 10.2.0.1."),
        ("http://10.1.2.3:5432/", "Nothing may be pulled from 10.1.2.3:5432."),
        ("https://kim:secret@data.example.org/", "leave the user and password out"),
        ("https://data.example.org\\@evil.example/", "give a web address"),
        ("file:///etc/passwd", "give a web address"),
        ("gopher://data.example.org/", "give a web address"),
        ("https://[::1/", "give a web address"),
        ("", "give a web address"),
        ("https://data.example.org/" + "a" * 1000, "under 1,000 characters"),
    ],
)
def test_nothing_else_may(address: str, words: str) -> None:
    with pytest.raises(SourceRefused, match=words.replace(".", r"\.").replace("[", r"\[")):
        NAMED.check(address)


def test_without_the_setting_nothing_may_and_a_name_may_not_stand_for_what_is_inside() -> None:
    with pytest.raises(SourceRefused, match="OUTSIZE_MEASURE_HOSTS"):
        Allowed.of("").check("https://data.example.org/")
    NAMED.check_found(["8.8.8.8", "10.1.2.3", "127.0.0.1"], secure=True)
    for found in (["10.2.0.1"], ["8.8.8.8", "169.254.169.254"], ["::ffff:10.2.0.1"], ["::1"]):
        with pytest.raises(SourceRefused, match="inside your own network"):
            NAMED.check_found(found, secure=True)
    with pytest.raises(SourceRefused, match="no address"):
        NAMED.check_found([], secure=True)


def test_what_is_outside_is_asked_by_https_alone() -> None:
    with pytest.raises(SourceRefused, match="https://"):
        Allowed.of("data.example.org").check("http://data.example.org/")
    NAMED.check("http://data.example.org/")  # it may turn out to be inside
    NAMED.check_found(["10.1.2.3"], secure=False)
    with pytest.raises(SourceRefused, match="https://"):
        NAMED.check_found(["8.8.8.8"], secure=False)


@pytest.mark.parametrize(
    "said", ["data.example.org:99999", "a b", "https://data.example.org", "*.example.org"]
)
def test_a_setting_that_names_no_host_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="say for example"):
        Allowed.of(said)


def test_databases_are_named_and_never_told() -> None:
    assert databases_in("shop=postgresql://u:p@h/n, desk = sqlite:////srv/desk.db,") == {
        "shop": "postgresql://u:p@h/n",
        "desk": "sqlite:////srv/desk.db",
    }
    for said in ("shop", "a b=sqlite:///x", "=sqlite:///x", "shop=mysql://u:hush@h/n"):
        with pytest.raises(ValueError, match="must") as refused:
            databases_in(said)
        assert "hush" not in str(refused.value)


@pytest.mark.parametrize("query", ["select 1;", "  -- late ones\n WITH a AS (SELECT 1) SELECT * FROM a", "(select 1)", "/* x */ values (1)"])  # fmt: skip
def test_a_query_that_looks_is_taken(query: str) -> None:
    assert check_query(query) == query.strip().rstrip(";")


@pytest.mark.parametrize("query", ["", ";", "delete from a", "-- select\ndrop table a", "pragma user_version", "selection", "select" + " " * 10_000 + "1"])  # fmt: skip
def test_a_query_that_does_more_is_not(query: str) -> None:
    with pytest.raises(SourceRefused):
        check_query(query)


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("https://data.example.org/a", {"Authorization": "Bearer a=b, c", "X-Key": "1"}),
        ("https://DATA.example.org:443/a", {"Authorization": "Bearer a=b, c", "X-Key": "1"}),
        ("https://data.example.org:8443/a", {"X-Key": "2"}),
        ("http://10.1.2.3/a", {"X-Key": "3"}),
        ("https://other.example.org/a", {}),
    ],
)
def test_headers_go_to_their_host_and_port_alone(address: str, wanted: dict[str, str]) -> None:
    said = (
        "data.example.org=Authorization: Bearer a=b, c, Data.example.org=X-Key:1,"
        "data.example.org:8443=X-Key: 2, 10.1.2.3:80=X-Key: 3,"
    )
    assert Headers.of(said).at(address) == wanted


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("data.example.org", "must be HOST=NAME: VALUE"),
        ("data.example.org=Bearer secret", "must be HOST=NAME: VALUE"),
        ("data.example.org=X Key: secret", "must be HOST=NAME: VALUE"),
        ("data.example.org=X-Key: secr\r\net", "must be HOST=NAME: VALUE"),
        ("data.example.org=X-Key: secrét", "must be HOST=NAME: VALUE"),
        ("data.example.org=Host: secret", "can't say Host"),
        ("*.example.org=X-Key: secret", "say for example"),
        ("data.example.org:9=X-Key: secret", "data.example.org:9 isn't among OUTSIZE_MEASURE_HOSTS"),
    ],
)
def test_headers_that_can_not_be_are_refused_without_saying_them(said: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("*", r"\*")) as refused:
        Headers.of(said).check(Allowed.of("data.example.org"))
    assert "secr" not in str(refused.value)


def test_a_short_value_is_in_any_answer_and_a_key_is_not() -> None:
    sent = {"Authorization": "Bearer abcdefgh", "X-Page": "12"}
    assert [tells(said, sent) for said in (b"12", b"Bearer", b"his abcdefgh", b"")] == [
        False,
        False,
        True,
        False,
    ]
