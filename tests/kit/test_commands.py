"""Commands without a database to work on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask


@pytest.mark.one_database
@pytest.mark.parametrize("command", [["ledger", "check"], ["partners", "list"]])
def test_a_database_that_was_never_set_up_is_told_in_a_sentence(
    make_app: Callable[..., Flask], tmp_path: Path, command: list[str]
) -> None:
    for place in (tmp_path / "new.sqlite", tmp_path / "nowhere" / "new.sqlite"):
        app = make_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{place}")

        result = app.test_cli_runner().invoke(args=command)

        assert result.exit_code == 1
        assert result.stderr == (
            "Error: The database cannot be reached, or was never set up: flask db upgrade"
            " (OperationalError).\n"
        )
