"""Where guests and providers find back to us, whatever a stranger sends."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from payments.gateways.opayo.gateway import Opayo
from payments.gateways.registry import GATEWAYS, gateways
from payments.gateways.sandbox import engine
from tests.checkout.given import PUBLIC_URL
from tests.checkout.guest import Guest, guest
from tests.payments.proofs import unchanged


@pytest.fixture
def ana(http: FlaskClient, app: Flask) -> Guest:
    """A guest with 248.00 due today and 652.00 in 30 days."""
    return guest(http)


@pytest.mark.parametrize("public", [PUBLIC_URL, None])
def test_what_a_request_calls_us_leads_neither_guest_nor_provider_elsewhere(
    ana: Guest, app: Flask, monkeypatch: pytest.MonkeyPatch, public: str | None
) -> None:
    """The page that a forger has opened is shown to the guest who comes next."""
    monkeypatch.setitem(app.config, "PUBLIC_URL", public)
    data = {"what": "next:24800", "method": ana.method}
    evil = {"Host": "evil.example.com", "X-Forwarded-Host": "evil.example.com"}
    forged = ana.http.post(ana.path, data=data, headers=evil)
    mine = ana.go()
    told = engine.look(ana.last().code)

    assert told is not None
    assert forged.headers["Location"] == mine.headers["Location"]
    assert "evil" not in f"{mine.headers['Location']} {told.back_url} {told.notice_url}"
    assert ana.choose("works", mine).status_code == 303
    assert "Thank you" in ana.reads()


@pytest.mark.parametrize("code", ["\0", "BP\0", "x" * 51, "é", ""])
def test_a_code_that_is_none_is_nobodys(ana: Guest, code: str) -> None:
    sandbox: Any = gateways()["sandbox"]
    ana.go()

    with unchanged():
        back = ana.http.get(ana.way_back(code))
        told = ana.tell(code=code, signature=sandbox.signature(code))

    assert (back.status_code, told.status_code) == (404, 404)


def test_a_notice_of_opayo_s_with_nonsense_is_nobodys(
    ana: Guest, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    opayo = Opayo("testvendor", "https://opayo.example.com")
    monkeypatch.setitem(app.extensions, GATEWAYS, {"opayo": opayo})

    told = ana.http.post("/pay/notices/opayo", data={"VendorTxCode": "\0", "VPSSignature": "A"})

    assert told.status_code == 404
