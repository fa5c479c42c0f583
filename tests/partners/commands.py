"""`flask events`, run in the tests' own process."""

from __future__ import annotations

from click.testing import Result
from flask import Flask


def events(app: Flask, *words: object) -> Result:
    return app.test_cli_runner().invoke(args=["events", *map(str, words)])


def said(app: Flask, *words: object) -> str:
    told = events(app, *words)
    assert told.exit_code == 0, told.output
    return told.stdout


def refused(app: Flask, *words: object) -> str:
    told = events(app, *words)
    assert told.exit_code in (1, 2), told.output
    assert told.stdout == ""
    assert "Traceback" not in told.output
    return told.stderr
