"""The service with the tests' own format: `flask --app tests.processes.applying worker`."""

from __future__ import annotations

import time

from flask import Flask

import wsgi
from tests.payments.accepting import Tiny, speak

APP = "tests.processes.applying"
PAUSE_S = 0.02


def create_app() -> Flask:
    """Pauses between the payment and the end of its command, so that workers die in between."""
    app = wsgi.create_app()
    speak(app, Tiny(after=lambda *_: time.sleep(PAUSE_S)))
    return app
