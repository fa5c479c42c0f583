"""The service with small parts of files: `flask --app tests.processes.exporting worker`."""

from __future__ import annotations

from flask import Flask

import wsgi
from kit import sheets
from office.exports import writing

APP = "tests.processes.exporting"


def create_app() -> Flask:
    """A file of a dozen rows has several parts, so that a worker can die between them."""
    writing.PART_BYTES = 200
    sheets.PART_CHARACTERS = 200
    return wsgi.create_app()
