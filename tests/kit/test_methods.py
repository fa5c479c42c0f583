"""Methods of HTTP that nobody knows: they may hold anything, and there is no end of them."""

from __future__ import annotations

import pytest
from flask import Flask

from kit.log import method_name
from kit.metrics import REQUESTS

STRANGE = "4111111111111111"


def test_a_method_nobody_knows_is_counted_as_other(app: Flask) -> None:
    app.test_client().open("/healthz", method=STRANGE)

    methods = {
        sample.labels["method"] for metric in REQUESTS.collect() for sample in metric.samples
    }
    assert "other" in methods
    assert STRANGE not in methods


@pytest.mark.parametrize(("method", "name"), [("POST", "POST"), (STRANGE, "other"), ("get", "GET")])
def test_a_method_is_named_only_when_http_has_it(app: Flask, method: str, name: str) -> None:
    with app.test_request_context("/healthz", method=method):
        assert method_name() == name
