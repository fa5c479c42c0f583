"""flask staff add."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask
from flask_security import verify_password

from audit.models import LogEntry
from staff.models import Person, PersonLocation
from tests import make


def add(app: Flask, *words: str, typed: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["staff", "add", *words], input=typed)


def test_somebody_added_sets_a_password_by_the_link_that_is_printed(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://pay.example.com/")
    make.location(7)

    result = add(app, "Ana@Example.com", "--role", "manager", "--location", "7")

    [person] = make.rows_of(Person)
    assert result.exit_code == 0, result.output
    assert "https://pay.example.com/desk/account/password/" in result.output
    assert (person.email, person.role, person.password) == ("ana@example.com", "manager", None)
    assert [each.location_id for each in make.rows_of(PersonLocation)] == [7]
    [entry] = make.rows_of(LogEntry, action="staff.added")
    assert (entry.severity, entry.actor_kind) == ("high", "system")


def test_a_password_can_come_from_standard_input(app: Flask) -> None:
    result = add(app, "ana@example.com", "--role", "operator", "--password-stdin",
                 typed="long enough to be one\n")  # fmt: skip

    [person] = make.rows_of(Person)
    assert "password/" not in result.output
    assert verify_password("long enough to be one", person.password)
    assert "$argon2id$" in str(person.password)


@pytest.mark.parametrize(
    ("words", "typed", "told"),
    [
        (["ana@example.com", "--role", "manager", "--location", "9"], "", "no location 9"),
        (["ana@@example.com", "--role", "manager"], "", "it must be an e-mail address"),
        (["ana@example.com", "--role", "owner"], "", "'owner' is not one of"),
        (["ana@example.com", "--role", "manager", "--password-stdin"], "short\n", "12 characters"),
        (["There@example.com", "--role", "manager"], "", "already"),
    ],
)
def test_what_is_wrong_is_told_and_nobody_added(
    app: Flask, words: list[str], typed: str, told: str
) -> None:
    add(app, "there@example.com", "--role", "manager")

    result = add(app, *words, typed=typed)

    assert result.exit_code != 0
    assert told in result.output
    assert len(make.rows_of(Person)) == 1
