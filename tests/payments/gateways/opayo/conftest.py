"""An application whose one card provider is Opayo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses
from flask import Flask

from payments.gateways.registry import GATEWAYS
from tests.payments.gateways.opayo.given import OPAYO


@pytest.fixture
def with_opayo(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setitem(app.extensions, GATEWAYS, {OPAYO.name: OPAYO})
    return app


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """Opayo's server; every call that is not expected fails."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as played:
        yield played
