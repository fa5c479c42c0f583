"""The tests' application, reached by the world at an address."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.checkout.given import PUBLIC_URL


@pytest.fixture(autouse=True)
def _known_to_the_world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", PUBLIC_URL)
