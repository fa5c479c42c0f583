"""Settings: read from FLASK_... variables and instance/settings.toml, checked at the start.

Each setting is a field of one schema; docs/settings.md documents them all (a test compares).
"""

from __future__ import annotations

import difflib
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from flask import current_app
from limits import parse as parse_limit
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from kit.account_codes import AccountCodes

PREFIX = "FLASK_"
# Flask's own variables, and those of tools that use the same prefix: not ours to judge.
FOREIGN = re.compile(r"FLASK_(APP|DEBUG|ENV|RUN_.*|SKIP_DOTENV|ENV_FILE|CLI_.*)")


class SettingsError(Exception):
    """Settings are wrong; the text says which, what was given and what would be right."""


class Words(fields.List[str]):
    """A list written with commas."""

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> Any:
        if isinstance(value, str):
            value = [word.strip() for word in value.split(",") if word.strip()]
        return super()._deserialize(value, *rest, **options)


def _database(uri: str) -> None:
    try:
        url = make_url(uri)
    except ArgumentError:
        raise ValidationError(
            "is no database address such as postgresql+psycopg://host/name"
        ) from None
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise ValidationError(
            f"names the driver {url.drivername!r}; it must be sqlite:///... or postgresql+psycopg://..."
        )
    if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValidationError("must name a file: several processes share the database")


def _fernet_key(key: str) -> None:
    try:
        Fernet(key)
    except ValueError:
        raise ValidationError(
            "must be Fernet keys: 32 bytes in URL-safe base64, newest first"
        ) from None


def _limit(text: str) -> None:
    try:
        parse_limit(text)
    except ValueError:
        raise ValidationError(f"is {text!r}; it must look like '100/second'") from None


def _storage(uri: str) -> None:
    try:
        storage_from_string(uri)
    except (ConfigurationError, ValueError):
        raise ValidationError(
            "must be memory:// or an address such as redis://host:6379/0"
        ) from None


def _address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValidationError(f"is {url!r}; it must be an address such as https://pay.example.com")


TRUE_OR_FALSE: Any = {"invalid": "must be true or false"}


class SettingsSchema(Schema):
    """Every setting with its type, its default and what it must look like."""

    class Meta:
        unknown = EXCLUDE

    SQLALCHEMY_DATABASE_URI = fields.String(load_default=None, validate=_database)
    SECRET_KEY = fields.String(
        load_default=None, validate=validate.Length(min=32, error="must have 32 characters or more")
    )
    ENCRYPTION_KEYS = Words(fields.String(validate=_fernet_key), load_default=list)
    PUBLIC_URL = fields.String(load_default=None, validate=_address)
    PROXY_HOPS = fields.Integer(load_default=0, validate=validate.Range(0, 5))
    WEB_THREADS = fields.Integer(load_default=4, validate=validate.Range(1, 64))
    LOG_LEVEL = fields.String(
        load_default="INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
    )
    METRICS_TOKEN = fields.String(
        load_default=None,
        validate=validate.Length(min=16, error="must have {min} characters or more"),
    )
    RATELIMIT_STORAGE_URI = fields.String(load_default="memory://", validate=_storage)
    SIGN_IN_LIMIT = fields.String(load_default="20/minute", validate=_limit)
    PARTNER_PAYMENTS_LIMIT = fields.String(load_default=None, validate=_limit)
    ALLOW_LOOPBACK_TARGETS = fields.Boolean(load_default=False, error_messages=TRUE_OR_FALSE)
    ACCOUNT_CODES = AccountCodes(load_default=dict)
    INSTALMENTS_REQUIRE_DUE_DATE = fields.Boolean(load_default=False, error_messages=TRUE_OR_FALSE)
    SANDBOX_GATEWAY = fields.Boolean(load_default=False, error_messages=TRUE_OR_FALSE)
    OPAYO_VENDOR = fields.String(
        load_default=None,
        validate=validate.Regexp(
            r"[A-Za-z0-9]{1,15}\Z",
            error="must be Opayo's vendor name: 1 to 15 letters and digits",
        ),
    )
    OPAYO_URL = fields.String(load_default="https://live.opayo.eu.elavon.com", validate=_address)
    SMTP_HOST = fields.String(load_default=None)
    SMTP_PORT = fields.Integer(load_default=587, validate=validate.Range(1, 65535))
    SMTP_SECURITY = fields.String(
        load_default="starttls", validate=validate.OneOf(["starttls", "tls", "none"])
    )
    SMTP_USERNAME = fields.String(load_default=None)
    SMTP_PASSWORD = fields.String(load_default=None)
    MAIL_SPOOL = fields.String(load_default=None)
    MAIL_SENDER = fields.String(
        load_default=None, validate=validate.Email(error="must be an e-mail address")
    )

    @validates_schema
    def _no_money_in_the_clear(self, values: Mapping[str, Any], **_: Any) -> None:
        parts = urlsplit(values.get("OPAYO_URL", ""))
        ours = values.get("ALLOW_LOOPBACK_TARGETS") and parts.hostname in ("127.0.0.1", "localhost")
        if parts.scheme == "http" and not ours:
            raise ValidationError("must begin with https://", "OPAYO_URL")

    @validates_schema
    def _providers_find_us(self, values: Mapping[str, Any], **_: Any) -> None:
        if values.get("OPAYO_VENDOR") is None:
            return
        parts = urlsplit(values.get("PUBLIC_URL") or "")
        ours = values.get("ALLOW_LOOPBACK_TARGETS") and parts.hostname in ("127.0.0.1", "localhost")
        if parts.scheme != "https" and not ours:
            raise ValidationError(
                "must be set where FLASK_OPAYO_VENDOR is, and begin with https://: Opayo tells us "
                "there what was paid",
                "PUBLIC_URL",
            )

    @validates_schema
    def _both_or_none(self, values: Mapping[str, Any], **_: Any) -> None:
        if (values.get("SMTP_USERNAME") is None) != (values.get("SMTP_PASSWORD") is None):
            raise ValidationError(
                "must be given together with the other of the two", "SMTP_PASSWORD"
            )


def load(instance: Path, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All settings: `given` (tests) over FLASK_... variables over instance/settings.toml.

    Without a database setting the embedded one, instance/bookings.sqlite, is used; with it a
    secret key is made once and kept in instance/secret_key. Any other database needs a key that
    was given: one made by each machine for itself would not open what another has sealed.
    Raises SettingsError naming everything that is wrong.
    """
    raw = _from_file(instance / "settings.toml") | _from_environment() | dict(given or {})
    try:
        values: dict[str, Any] = SettingsSchema().load(raw)
    except ValidationError as error:
        wrong = _sentences(error.normalized_messages())  # type: ignore[no-untyped-call]
        raise SettingsError("\n".join(sorted(wrong))) from None
    if values["SQLALCHEMY_DATABASE_URI"] is None:
        values["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{instance / 'bookings.sqlite'}"
        values["SECRET_KEY"] = values["SECRET_KEY"] or _own_secret_key(instance / "secret_key")
    if values["SECRET_KEY"] is None:
        raise SettingsError(
            f"{PREFIX}SECRET_KEY is missing; it must be 32 random characters or more, the same for "
            "every process (for example: python -c 'import secrets; print(secrets.token_hex(32))')"
        )
    values["MAIL_SPOOL"] = values["MAIL_SPOOL"] or str(instance / "mail")
    return values


def setting(name: str) -> Any:
    """The value of a setting of the running application."""
    return current_app.config[name]


def unknown_variables() -> list[str]:
    """A sentence for every FLASK_... variable that is no setting: most likely a slip of the pen."""
    known = [PREFIX + name for name in SettingsSchema().fields]
    sentences = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known and not FOREIGN.fullmatch(name):
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            sentences.append(f"{name} is no setting of this service{hint}")
    return sentences


def _from_environment() -> dict[str, str]:
    return {
        name.removeprefix(PREFIX): value
        for name, value in os.environ.items()
        if name.startswith(PREFIX) and value != ""
    }


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path.name} in the instance folder is not TOML: {error}") from None
    names = {name.upper().removeprefix(PREFIX): value for name, value in found.items()}
    if strangers := sorted(set(names) - set(SettingsSchema().fields)):
        raise SettingsError(f"{path.name} names no settings of ours: {', '.join(strangers)}")
    return names


def _sentences(messages: Mapping[str, Any]) -> list[str]:
    found = []
    for name, told in messages.items():
        texts = (
            told if isinstance(told, list) else [text for some in told.values() for text in some]
        )
        found += [f"{PREFIX}{name} {text[0].lower()}{text[1:]}" for text in texts]
    return found


def _own_secret_key(path: Path) -> str:
    """The key of the embedded installation, made by whichever process comes first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_hex(32))
    try:
        os.link(draft, path)  # fails when another process was first; never shows half a key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()
