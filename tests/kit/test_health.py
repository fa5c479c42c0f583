"""/healthz and /readyz: whether the process lives, and whether it can serve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from kit.db import transaction
from tests import make
from wsgi import create_app


def of(uri: str, instance: Path) -> FlaskClient:
    given = {"SQLALCHEMY_DATABASE_URI": uri, "SECRET_KEY": "x" * 32, "LOG_LEVEL": "ERROR"}
    return create_app(given, instance).test_client()


def problems(http: FlaskClient) -> Any:
    answer = http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["status"] == "not ready"
    return answer.json["problems"]


AWAY = ["the database cannot be reached, or was never set up (flask db upgrade)"]


def test_a_migrated_database_is_ready(http: FlaskClient) -> None:
    answer = http.get("/readyz")

    assert (answer.status_code, answer.json) == (200, {"status": "ready", "problems": []})


@pytest.mark.long
def test_a_process_lives_whatever_its_database_does(tmp_path: Path) -> None:
    answer = of("postgresql+psycopg://nobody@127.0.0.1:1/nothing", tmp_path).get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "alive"})


@pytest.mark.long
@pytest.mark.parametrize(
    "uri",
    [
        "postgresql+psycopg://nobody:hunter2@127.0.0.1:1/nothing",
        "sqlite:////nowhere/at/all/bookings.sqlite",
    ],
)
def test_a_database_that_is_away_is_not_ready(tmp_path: Path, uri: str) -> None:
    assert problems(of(uri, tmp_path)) == AWAY


@pytest.mark.long
def test_an_empty_sqlite_file_is_not_ready(tmp_path: Path) -> None:
    assert problems(of(f"sqlite:///{tmp_path / 'new.sqlite'}", tmp_path)) == AWAY


def test_an_empty_postgresql_database_is_not_ready(
    new_postgres: Callable[[str], str], tmp_path: Path
) -> None:
    assert problems(of(new_postgres("empty"), tmp_path)) == AWAY


@pytest.mark.parametrize("applied", ["0000", None])
def test_a_database_of_another_revision_is_not_ready(app: Flask, applied: str | None) -> None:
    newest = set_revision(applied)
    try:
        [problem] = problems(app.test_client())
    finally:
        set_revision(newest)

    assert problem == f"migrations are not applied: flask db upgrade brings it to {newest}"
    assert app.test_client().get("/readyz").status_code == 200


def set_revision(number: str | None) -> str | None:
    """Pretend that the database is at this revision; what it was at before."""
    with transaction() as connection:
        before: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("DELETE FROM alembic_version"))
        if number is not None:
            insert = text("INSERT INTO alembic_version VALUES (:number)")
            connection.execute(insert, {"number": number})
        return before


@pytest.mark.long
def test_a_sandbox_beside_bookings_that_are_not_the_demonstration_s_is_not_ready(
    make_app: Callable[..., Flask],
) -> None:
    safe, risky = make_app(SANDBOX_GATEWAY=False), make_app(SANDBOX_GATEWAY=True)
    with risky.app_context():
        make.location(1, is_demonstration=True)
        ready = risky.test_client().get("/readyz").status_code
        make.location(2)

    assert ready == 200
    [problem] = problems(risky.test_client())
    assert problem.startswith("FLASK_SANDBOX_GATEWAY is on")
    assert safe.test_client().get("/readyz").status_code == 200


def test_a_database_that_goes_away_while_it_is_asked_is_not_ready(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> str | None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setitem(app.extensions, "readiness", [away])

    assert problems(app.test_client()) == AWAY


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_token_and_is_kept_by_no_cache(http: FlaskClient, path: str) -> None:
    answer = http.get(path)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
