"""The sandbox's own page: plainly no real one, and each card does what it says."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kit.money import Money
from kit.rotating import sealed_columns
from kit.vault import vault
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import BY_LAST_DIGITS, WORKS, behaviour, in_words
from payments.gateways.sandbox.models import SandboxTransaction
from tests import make
from tests.payments import cards

BACK = "https://pay.example.com/pay/token/back/BP1"


@pytest.fixture
def page(app: Flask) -> str:
    """An open page for 363.00."""
    opened = engine.open_page("BP1", Money(36300, "EUR"), "Booking 4354", BACK, None)
    return f"/sandbox/{opened.page}"


def state() -> tuple[str, str | None]:
    found = engine.look("BP1")
    assert found is not None
    return found.state, found.decline


def test_it_says_what_it_is_and_what_is_paid(http: FlaskClient, page: str) -> None:
    answer = http.get(page)

    for text in ("Sandbox", "No money moves", "€363.00", "Booking 4354", "asks for no card",
                 "With €363.00 the payment works"):  # fmt: skip
        assert text in answer.text
    assert "<input" not in answer.text


@pytest.mark.parametrize(
    ("card", "becomes"),
    [
        ("works", ("paid", None)),
        ("no_funds", ("declined", "no_funds")),
        ("expired", ("declined", "expired")),
        ("not_authenticated", ("declined", "not_authenticated")),
        ("later", ("pending", None)),
        ("by_amount", ("paid", None)),
        ("leave", ("closed", None)),
    ],
)
def test_every_button_does_what_it_says_once_and_leads_back(
    http: FlaskClient, page: str, card: str, becomes: tuple[str, str | None]
) -> None:
    assert f'value="{card}"' in http.get(page).text

    answer = http.post(page, data={"card": card})
    again = http.post(page, data={"card": "works"})

    assert (answer.status_code, answer.headers["Location"]) == (303, BACK)
    assert again.status_code == 303
    assert state() == becomes
    assert "<button" not in http.get(page).text
    assert f'href="{BACK}"' in http.get(page).text


@pytest.mark.parametrize("card", ["", "gold", "WORKS"])
def test_a_card_that_there_is_not_is_refused_and_the_page_stays_open(
    http: FlaskClient, page: str, card: str
) -> None:
    answer = http.post(page, data={"card": card})

    assert answer.status_code == 422
    assert "There is no such card." in answer.text
    assert state() == ("open", None)


@pytest.mark.parametrize("card", ["works", "leave"])
def test_a_page_that_is_long_over_leads_nowhere(
    http: FlaskClient, page: str, app: Flask, card: str
) -> None:
    http.post(page, data={"card": card})
    with cards.later(hours=2):
        shown, pressed = http.get(page), http.post(page, data={"card": "works"})

    for answer in (shown, pressed):
        assert answer.status_code == 200
        assert "token" not in answer.text + str(answer.headers)
        assert "Nothing more can be done here." in answer.text


def test_a_page_that_is_still_open_leads_back_however_late(http: FlaskClient, page: str) -> None:
    with cards.later(hours=2):
        assert http.post(page, data={"card": "leave"}).headers["Location"] == BACK


def test_where_the_guest_comes_from_is_kept_sealed(page: str, app: Flask) -> None:
    """It is a link that opens the booking."""
    [row] = make.rows_of(SandboxTransaction)

    assert page
    assert vault().open(row.sealed_back) == BACK
    assert "pay.example.com" not in row.sealed_back
    assert BACK not in repr(engine.look("BP1"))
    assert SandboxTransaction.__table__.c.sealed_back in sealed_columns()


@pytest.mark.parametrize("database_uri", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("address", ["%00", "a%00", "BP1", "é", "x" * 5000])
def test_its_address_is_no_code_and_no_nonsense(
    http: FlaskClient, page: str, app: Flask, method: str, address: str
) -> None:
    """A payment's code stands on its receipt, for everybody to read."""
    answer = http.open(f"/sandbox/{address}", method=method, data={"card": "works"})

    assert answer.status_code == 404
    assert "token" not in answer.text
    assert state() == ("open", None)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_no_page_is_a_page_that_says_so(http: FlaskClient, app: Flask, method: str) -> None:
    engine.do("charge", "BP2", Money(100, "EUR"), WORKS)

    pages = {http.open(f"/sandbox/{code}", method=method).text for code in ("BP2", "nobody")}

    assert len(pages) == 1
    assert "There is nothing to pay here" in pages.pop()


def test_it_is_kept_by_nobody_and_its_form_leads_back_only(http: FlaskClient, page: str) -> None:
    answer = http.get(page)

    policy = answer.headers["Content-Security-Policy"]
    assert "form-action 'self' https://pay.example.com;" in policy
    assert "script-src" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "<script" not in answer.text


def test_every_behaviour_has_words() -> None:
    texts = {digits: in_words(behaviour(digits)) for digits in BY_LAST_DIGITS}

    assert texts[1] == "it is declined for want of money"
    assert texts[6] == "the bank answers after 5 seconds: the payment works"
    assert texts[7] == "the bank answers after 5 seconds: it is declined by the bank"
    assert in_words(WORKS) == "the payment works"
