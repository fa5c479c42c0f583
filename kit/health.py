"""/healthz: the process lives. /readyz: it can serve, its database is there and up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask, Response, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kit import form
from kit.db import glance

APPLIED = text("SELECT version_num FROM alembic_version")

# Why the service should not serve, in words; None when nothing is wrong. It may ask the database.
Check = Callable[[], str | None]


def init_app(app: Flask, checks: Sequence[Check] = ()) -> None:
    """`checks` are asked only when the database can be."""
    config = Config()
    config.set_main_option("script_location", str(app.config["MIGRATIONS"]))
    app.extensions["newest_migration"] = ScriptDirectory.from_config(config).get_current_head()
    app.extensions["readiness"] = checks
    app.add_url_rule("/healthz", "healthz", alive)
    app.add_url_rule("/readyz", "readyz", ready)


def alive() -> Response:
    return form.answer(form.encode({"status": "alive"}))


def ready() -> Response:
    """200 when requests can be served, 503 with the reasons when not."""
    try:
        problems = _problems()
    except SQLAlchemyError:
        problems = ["the database cannot be reached, or was never set up (flask db upgrade)"]
    body = {"status": "not ready" if problems else "ready", "problems": problems}
    return form.answer(form.encode(body), 503 if problems else 200)


def _problems() -> list[str]:
    """Why the service should not serve. Raises SQLAlchemyError without a database."""
    row, newest = glance(APPLIED, {}), current_app.extensions["newest_migration"]
    if row is None or row.version_num != newest:
        return [f"migrations are not applied: flask db upgrade brings it to {newest}"]
    checks: Sequence[Check] = current_app.extensions["readiness"]
    return [told for check in checks if (told := check())]
