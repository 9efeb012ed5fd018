"""Settings: where they come from, and what a bad one is told."""

from pathlib import Path

import pytest

from portfolio import settings
from portfolio.settings import BadSettings, Settings


def test_without_any_setting_everything_is_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTSIZE_DATABASE_URL", raising=False)
    found = settings.load(tmp_path / "data")
    assert found.database_url == f"sqlite:///{tmp_path / 'data' / 'outsize.db'}"
    assert found.base_url == "http://127.0.0.1:8000"
    assert settings.load(tmp_path / "data").secret_key == found.secret_key
    assert len(found.secret_key) > 40
    assert (tmp_path / "data" / "secret-key").stat().st_mode & 0o077 == 0


def test_the_environment_wins_over_the_file_and_what_is_given_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outsize.toml").write_text(
        'port = 9001\nmail_from = "L&D <ld@fernweh.example>"\nhost = "::1"\n'
    )
    monkeypatch.setenv("OUTSIZE_HOST", "127.0.0.2")
    found = settings.load(tmp_path, port=9002)
    assert (found.port, found.host, found.mail_from) == (9002, "127.0.0.2", "L&D <ld@fernweh.example>")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("OUTSIZE_PORT", "eighty", "OUTSIZE_PORT"),
        ("OUTSIZE_PORT", "70000", "OUTSIZE_PORT"),
        (
            "OUTSIZE_DATABASE_URL",
            "mysql://x",
            "OUTSIZE_DATABASE_URL: must start with sqlite:/// or postgresql://",
        ),
        ("OUTSIZE_SMTP_URL", "mail.example", "OUTSIZE_SMTP_URL: must start with smtp://"),
        ("OUTSIZE_IMAP_URL", "mail.example", "OUTSIZE_IMAP_URL: must start with imap://, imaps:// or imap"),
        ("OUTSIZE_IMAP_URL", "imaps://mail.example/INBOX", "OUTSIZE_IMAP_URL: must name a user, a password"),
        ("OUTSIZE_IMAP_URL", "imaps://u:p@mail.example:port", "OUTSIZE_IMAP_URL: must name a user"),
        ("OUTSIZE_IMAP_SECONDS", "0", "OUTSIZE_IMAP_SECONDS"),
        ("OUTSIZE_INTAKE_ADDRESS", "training", "OUTSIZE_INTAKE_ADDRESS: must be an e-mail address"),
        ("OUTSIZE_BASE_URL", "ld.example", "OUTSIZE_BASE_URL: must start with http:// or https://"),
        ("PREFECT_API_URL", "prefect:4200", "PREFECT_API_URL: must start with http:// or https://"),
    ],
)
def test_a_bad_setting_is_named_with_what_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=words.replace("/", "/")):
        settings.load(tmp_path)


def test_an_unknown_setting_in_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "outsize.toml").write_text("prot = 9001\n")
    with pytest.raises(BadSettings, match="OUTSIZE_PROT"):
        settings.load(tmp_path)


def test_every_setting_stands_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    missing = [
        name
        for name in Settings.model_fields
        if (f"OUTSIZE_{name.upper()}" if name != "prefect_api_url" else "PREFECT_API_URL") not in readme
    ]
    assert missing == []
