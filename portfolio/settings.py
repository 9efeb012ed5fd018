"""What can be set, by OUTSIZE_* environment variables or `outsize.toml` in the data folder."""

import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from portfolio.rules.sources import Allowed, Headers, databases_in

ANY_HOST = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, never bound to


class BadSettings(ValueError):
    """A setting has a value that can't be used; the message names it and says what is allowed."""


class Settings(BaseSettings):
    """Every setting of the product. Environment variables win over `outsize.toml`."""

    model_config = SettingsConfigDict(env_prefix="OUTSIZE_", frozen=True, extra="forbid")

    data: Path = Field(Path("data"), description="Folder for the database, backups, logs and outbox.")
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the web server listens on.")
    base_url: str = Field(
        "",
        description="Address people type, for links in mails. Default: http://HOST:PORT.",
    )
    database_url: str = Field(
        "",
        description="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME. Default: SQLite in the data folder.",
    )
    secret_key: str = Field(
        "",
        description="Signs links and cookies. Made once and kept in the data folder when not given.",
    )
    smtp_url: str = Field(
        "",
        repr=False,
        description="smtp://USER:PASSWORD@HOST:PORT (smtps:// for TLS from the start, smtp+starttls:// to require it). Without it mails are kept in the outbox page and folder.",
    )
    mail_from: str = Field("Outsize <outsize@localhost>", description="Sender of mails.")
    imap_url: str = Field(
        "",
        repr=False,
        description="imaps://USER:PASSWORD@HOST:PORT/FOLDER (imap+starttls:// to require TLS, imap:// without it). Mails that come in there become drafts and replies. Without it no mail is fetched.",
    )
    imap_seconds: float = Field(
        60, ge=0.2, le=86_400, description="Pause between two looks into the mailbox."
    )
    intake_address: str = Field(
        "",
        description="Address of that mailbox: replies to our mails go there. Default: replies go to the sender of mails.",
    )
    prefect_api_url: str = Field(
        "",
        validation_alias="PREFECT_API_URL",
        description="Use this Prefect server. Without it one is started.",
    )
    prefect_ui_url: str = Field(
        "",
        description="Where people open Prefect's own pages. Default: from PREFECT_API_URL.",
    )
    prefect_port: int = Field(
        4200,
        ge=1,
        le=65535,
        description="First port to try for our own Prefect server.",
    )
    public_posts_per_minute: int = Field(
        60,
        ge=1,
        le=100_000,
        description="Requests one address may send without signing in.",
    )
    drafts_per_hour: int = Field(
        240, ge=1, le=100_000, description="Requests one address may begin to write without sending them."
    )
    uploads_per_hour: int = Field(
        200, ge=1, le=100_000, description="Files one address may give with requests."
    )
    open_answers_per_hour: int = Field(
        300,
        ge=1,
        le=1_000_000,
        description="Answers one address may give to one survey by its open link.",
    )
    sign_ins_per_hour: int = Field(30, ge=1, le=100_000, description="Sign-in attempts one address may make.")
    trusted_proxies: str = Field(
        "", description="Addresses whose X-Forwarded-For is believed, comma-separated."
    )
    webhooks_may_be_local: bool = Field(
        default=False,
        description="Lets webhooks and chats go to http:// and to addresses inside your own network.",
    )
    measure_hosts: str = Field(
        "",
        description="Hosts measures may be pulled from, comma-separated: data.example.org, data.example.org:8443, and for those inside your own network their address or network as well (10.1.2.3, 10.0.0.0/8). Without it none are.",
    )
    measure_databases: str = Field(
        "",
        repr=False,
        description="Databases measures may be pulled from, comma-separated: NAME=postgresql://USER:PASSWORD@HOST/NAME or NAME=sqlite:///FILE, each with a user that may only read. Without it none are.",
    )
    measure_headers: str = Field(
        "",
        repr=False,
        description="What is sent along to these hosts, such as a key, comma-separated: data.example.org=Authorization: Bearer KEY, data.example.org:8443=X-Api-Key: KEY.",
    )
    learning_may_be_local: bool = Field(
        default=False,
        description="Lets learning data be fetched from http:// and from addresses inside your own network.",
    )
    learning_calls_per_second: float = Field(
        2, ge=0.01, le=1000, description="Calls a second to one learning system."
    )
    learning_calls_per_run: int = Field(
        2000, ge=1, le=1_000_000, description="Calls to one learning system until the next run goes on."
    )
    statement_posts_per_minute: int = Field(
        600, ge=1, le=1_000_000, description="Requests with xAPI statements one source may send us."
    )
    backups_kept: int = Field(14, ge=1, le=1000, description="Daily backups kept.")
    flow_runs_kept_days: int = Field(30, ge=1, le=3650, description="Days Prefect's own run history is kept.")
    development: bool = Field(default=False, description="Shows /styleguide and reloads templates.")

    @field_validator("base_url", "prefect_api_url", "prefect_ui_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, value: str) -> str:
        if value and not value.startswith(("smtp://", "smtps://", "smtp+starttls://")):
            raise ValueError("must start with smtp://, smtps:// or smtp+starttls://")
        return value

    @field_validator("imap_url")
    @classmethod
    def _is_mailbox(cls, value: str) -> str:
        if not value:
            return value
        if not value.startswith(("imap://", "imaps://", "imap+starttls://")):
            raise ValueError("must start with imap://, imaps:// or imap+starttls://")
        try:
            place = urlsplit(value)
            is_whole = bool(place.hostname and place.username and place.password and place.port != 0)
        except ValueError:
            is_whole = False
        if not is_whole:
            raise ValueError(
                "must name a user, a password and a host: imaps://USER:PASSWORD@HOST:PORT/FOLDER"
            )
        return value

    @field_validator("measure_hosts")
    @classmethod
    def _are_hosts(cls, value: str) -> str:
        Allowed.of(value)
        return value

    @field_validator("measure_headers")
    @classmethod
    def _are_headers(cls, value: str, info: ValidationInfo) -> str:
        Headers.of(value).check(Allowed.of(info.data.get("measure_hosts", "")))
        return value

    @field_validator("measure_databases")
    @classmethod
    def _are_databases(cls, value: str) -> str:
        databases_in(value)
        return value

    @field_validator("intake_address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"([^\r\n<>@]*<)?[^\s@<>]+@[^\s@<>]+>?", value):
            raise ValueError("must be an e-mail address, like training@example.org")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        given = init_settings().get("data") or env_settings().get("data") or "data"
        toml = TomlConfigSettingsSource(settings_cls, Path(str(given)) / "outsize.toml")
        return init_settings, env_settings, toml

    @property
    def secure(self) -> bool:
        """Whether people reach us by https, so that cookies can insist on it."""
        return self.base_url.startswith("https://")


def load(data: Path | None = None, *, host: str | None = None, port: int | None = None) -> Settings:
    """Read the settings for the data folder `data`, make the folder, and fill in what follows from the rest.

    What is given here wins over the environment, which wins over `outsize.toml`.

    Raises BadSettings, naming the variable and what is allowed.
    """
    try:
        given: dict[str, Any] = {"data": data, "host": host, "port": port}
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise BadSettings("\n".join(_explain(error))) from error
    folder = settings.data.expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    shown_host = "127.0.0.1" if settings.host in ANY_HOST else settings.host
    return settings.model_copy(
        update={
            "data": folder,
            "database_url": settings.database_url or f"sqlite:///{folder / 'outsize.db'}",
            "base_url": settings.base_url or f"http://{shown_host}:{settings.port}",
            "secret_key": settings.secret_key or _kept_secret(folder),
            "prefect_ui_url": settings.prefect_ui_url or settings.prefect_api_url.removesuffix("/api"),
        }
    )


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        field = str(problem["loc"][0]) if problem["loc"] else "settings"
        name = "PREFECT_API_URL" if "PREFECT" in field else f"OUTSIZE_{field.upper()}"
        about = Settings.model_fields.get(field)
        hint = f" ({about.description})" if about and about.description else ""
        lines.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}{hint}")
    return lines


def _kept_secret(folder: Path) -> str:
    file = folder / "secret-key"
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return file.read_text().strip()
