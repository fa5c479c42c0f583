"""A partner that asks for tokens as public clients do."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from partners import authentication
from tests import make
from tests.partners.receiver import Receiver, receiving

CLIENT_ID, SECRET = "checkout-page", "a secret: 100% sécret+ß"
FORM = "application/x-www-form-urlencoded"


def basic(client_id: str, client_secret: str) -> str:
    """The header as clients write it: raw, in UTF-8, nothing percent-encoded."""
    return "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()


def sign_in(
    http: FlaskClient,
    client_id: str = CLIENT_ID,
    client_secret: str = SECRET,
    body: str = "grant_type=client_credentials",
    *,
    path: str = "/oauth/2.0/token",
    **environ: str,
) -> TestResponse:
    """Ask for a token. `environ`: of WSGI, such as REMOTE_ADDR."""
    headers = {"Authorization": basic(client_id, client_secret), "Expect": "100-continue"}
    return http.post(
        path,
        data=body,
        headers=headers,
        content_type=FORM,
        environ_overrides=environ,
    )


@pytest.fixture
def partner(app: Flask) -> int:
    """A partner with CLIENT_ID, SECRET and all scopes."""
    return make.partner(client_id=CLIENT_ID, client_secret=SECRET)


@dataclass
class Watch:
    """The clock that the cache of callers looks at."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Stands still until a test moves it; only the cache of callers sees it."""
    made = Watch()
    monkeypatch.setattr(authentication, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


@pytest.fixture
def receiver(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A partner's program on this machine, which the application may call."""
    monkeypatch.setitem(app.config, "ALLOW_LOOPBACK_TARGETS", True)
    with receiving() as made:
        yield made
