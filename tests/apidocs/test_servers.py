"""Which address the description of the API gives for its calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask


@pytest.mark.long
def test_the_public_address_is_named_after_the_one_that_was_asked(
    make_app: Callable[..., Flask],
) -> None:
    client = make_app(PUBLIC_URL="https://pay.example.com/").test_client()

    described = client.get("/openapi.json").get_json()

    assert described["servers"] == [{"url": "/"}, {"url": "https://pay.example.com"}]


@pytest.mark.long
def test_without_one_the_description_names_no_server(make_app: Callable[..., Flask]) -> None:
    described = make_app().test_client().get("/openapi.json").get_json()

    assert "servers" not in described
