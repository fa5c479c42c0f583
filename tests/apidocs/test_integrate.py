"""The checkout page of docs/integrate.md takes payments, run as its readers run it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import update

from demo.loading import load
from kit import clock
from kit.db import in_transaction, transaction
from kit.money import Money
from kit.vault import vault
from partners.models import Partner
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import WORKS
from payments.models import CardOnFile, Payment, PaymentMethod
from payments.replies import forget_old_answers
from tags.models import BookingTag
from tests import make
from tests.make import Client
from tests.payments.proofs import wrong_books
from tests.processes.running import free_port, wait_until
from tests.served import served

pytestmark = pytest.mark.processes

DOCS = Path(__file__).parents[2] / "docs"
PROGRAM = DOCS / "examples" / "checkout.py"
BOOKING = 5001  # provisional, with the tag of a website booking, 363.00 of 1015.00 due
FIRST, SECOND = "5001-1-363.00", "5001-2-363.00"
TIMEOUT_S = 10


class Guest:
    """A guest's browser at the checkout page."""

    def __init__(self, address: str) -> None:
        self.address = address

    def reads(self, query: str = "") -> str:
        """What the page says."""
        answer = requests.get(f"{self.address}/{query}", timeout=TIMEOUT_S)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.text

    def goes_to_pay(self) -> str:
        """The address of the sandbox's page."""
        answer = requests.post(f"{self.address}/", timeout=TIMEOUT_S, allow_redirects=False)
        assert answer.status_code == 303
        return answer.headers["Location"]

    def pays(self, page: str, card: str = "works") -> str:
        """Pay on the sandbox's page; the query that the browser comes back with."""
        form = {"card": card}
        answer = requests.post(page, form, timeout=TIMEOUT_S, allow_redirects=False)
        back = answer.headers["Location"]
        assert back.startswith(f"{self.address}/?Code=")
        return f"?{urlsplit(back).query}"


@contextmanager
def checkout(api: str) -> Iterator[Guest]:
    """The program of the document, in a process of its own."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(BOOKING), str(port)],
        env={**os.environ, "API": api},
        stderr=subprocess.DEVNULL,
    )
    guest = Guest(f"http://127.0.0.1:{port}")
    try:
        wait_until(lambda: listens(guest.address), "the checkout page listens")
        yield guest
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)


def listens(address: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))).close()
    except OSError:
        return False
    return True


@pytest.fixture
def api(app: Flask) -> Iterator[str]:
    """The demonstration, served."""
    with transaction() as connection:
        load(connection, clock.now())
    with served(app) as address:
        yield address


@pytest.fixture
def demo_client(app: Flask, api: str) -> Client:
    """Somebody else of the same partner."""
    [partner] = make.rows_of(Partner, client_id="demo")
    return Client(app, partner.id, make.token(partner.id))


@pytest.fixture
def guest(api: str) -> Iterator[Guest]:
    """Afterwards the books are true, and what the sandbox has taken is in the ledger, once."""
    before = engine.taken("EUR")
    with checkout(api) as found:
        yield found
    assert wrong_books({BOOKING}) == []
    rows = make.rows_of(Payment, booking_id=BOOKING, state="cleared")
    by_sandbox = Money(sum(row.amount for row in rows if row.reference), "EUR")
    assert engine.taken("EUR") == before + by_sandbox


def recorded() -> list[tuple[str, str, str]]:
    """State, amount and reference of the booking's payments, the oldest first."""
    rows = sorted(make.rows_of(Payment, booking_id=BOOKING), key=lambda row: row.id)
    return [(row.state, str(Money(row.amount, "EUR")), row.reference) for row in rows]


def tags() -> list[int]:
    return sorted(row.tag_id for row in make.rows_of(BookingTag, booking_id=BOOKING))


# --- the document ----------------------------------------------------------------------------


def test_the_document_shows_the_program_whole() -> None:
    page = (DOCS / "integrate.md").read_text()

    [shown] = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)

    assert shown == PROGRAM.read_text()


def test_the_program_has_60_lines_at_most_that_fit_the_page() -> None:
    lines = PROGRAM.read_text().splitlines()

    assert len(lines) <= 60
    assert max(map(len, lines)) <= 100


def test_the_program_needs_nothing_but_requests() -> None:
    imported = re.findall(r"^(?:import|from) (\w+)", PROGRAM.read_text(), re.M)

    assert set(imported) - sys.stdlib_module_names == {"requests"}


# --- the program -----------------------------------------------------------------------------


def test_a_guest_pays(guest: Guest) -> None:
    assert "Pay 363.00 EUR" in guest.reads()

    back = guest.pays(guest.goes_to_pay())

    said = guest.reads(back)
    assert back == f"?Code={FIRST}"
    assert "Thank you" in said
    assert "Pay 652.00 EUR" in said
    assert recorded() == [("cleared", "363.00 EUR", FIRST)]
    assert tags() == []


def test_the_card_is_kept_for_staff(guest: Guest) -> None:
    guest.reads(guest.pays(guest.goes_to_pay()))

    [payment] = make.rows_of(Payment, booking_id=BOOKING)
    [card] = make.rows_of(CardOnFile, payment_id=payment.id)
    assert json.loads(vault().open(card.sealed))["PaymentToken"].startswith("SBX-")
    assert (card.last_digits, card.card_type) == ("0006", "Sandbox")


def test_a_declined_card_is_told_in_plain_words_and_the_next_one_works(guest: Guest) -> None:
    said = guest.reads(guest.pays(guest.goes_to_pay(), "no_funds"))

    assert "There is not enough money on the card." in said
    assert "Pay 363.00 EUR" in said
    assert recorded() == [("failed", "363.00 EUR", FIRST)]
    assert tags() == [12, 20]

    said = guest.reads(guest.pays(guest.goes_to_pay()))

    assert "not enough" not in said
    assert [state for state, _, _ in recorded()] == ["failed", "cleared"]
    assert recorded()[1][2] == SECOND
    assert tags() == []


@pytest.mark.parametrize("card", ["works", "expired"])
def test_coming_back_twice_records_once(guest: Guest, card: str) -> None:
    back = guest.pays(guest.goes_to_pay(), card)

    said = [guest.reads(back) for _ in range(3)]

    assert len(set(said)) == 1
    assert len(recorded()) == 1


@pytest.mark.parametrize("card", ["works", "expired"])
def test_coming_back_after_a_month_records_nothing(guest: Guest, card: str) -> None:
    """When nobody remembers the key any more under which it was recorded."""
    back = guest.pays(guest.goes_to_pay(), card)
    said = guest.reads(back)
    later = clock.now() + timedelta(days=30)
    assert in_transaction(lambda connection: forget_old_answers(connection, later)) > 0

    assert guest.reads(back) == said
    assert len(recorded()) == 1


@pytest.mark.parametrize("card", ["works", "expired"])
def test_coming_back_in_four_tabs_at_once_records_once(guest: Guest, card: str) -> None:
    back = guest.pays(guest.goes_to_pay(), card)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(guest.reads, [back] * 4))

    assert len(recorded()) == 1


def test_two_tabs_pay_on_one_page(guest: Guest) -> None:
    first, second = guest.goes_to_pay(), guest.goes_to_pay()
    assert first == second

    backs = [guest.pays(first), guest.pays(second, "no_funds")]

    for back in backs:
        guest.reads(back)
    assert recorded() == [("cleared", "363.00 EUR", FIRST)]


def test_who_paid_and_never_came_back_is_recorded_at_the_next_visit(guest: Guest) -> None:
    guest.pays(guest.goes_to_pay())

    said = guest.reads()

    assert "Thank you" in said
    assert recorded() == [("cleared", "363.00 EUR", FIRST)]


def test_money_counts_though_what_is_due_has_changed_meanwhile(
    guest: Guest, api: str, demo_client: Client
) -> None:
    """The code that the browser comes back with is another one than that of the next try."""
    page = guest.goes_to_pay()
    assert demo_client.pay(BOOKING, "100.00").status_code == 200

    guest.reads(guest.pays(page))

    assert (recorded()[1]) == ("cleared", "363.00 EUR", FIRST)


def test_who_leaves_the_page_has_paid_nothing_and_may_return(guest: Guest) -> None:
    page = guest.goes_to_pay()

    guest.reads(guest.pays(page, "leave"))

    assert recorded() == []
    assert guest.goes_to_pay() == page
    guest.reads(guest.pays(page))
    assert recorded() == [("cleared", "363.00 EUR", FIRST)]


@pytest.mark.parametrize(
    "code", ["4354-1-363.00", "5001-9", "5001-/../../apis/bookings", "%00", "5001-%3Cb%3E"]
)
def test_a_code_that_was_typed_records_nothing(guest: Guest, code: str) -> None:
    said = guest.reads(f"?Code={code}")

    assert "<b>" not in said
    assert recorded() == []


def test_a_try_to_pay_another_booking_is_not_reached_by_a_path(
    guest: Guest, demo_client: Client
) -> None:
    order = "Code=4354-1&Amount=900&Currency=EUR&BackUrl=http://127.0.0.1/"
    page = demo_client.post("/sandbox/transactions", order).json["Url"].rpartition("/")[2]
    paid = engine.look_at_page(page)
    assert paid is not None
    engine.pay(paid.code, WORKS, "0006")

    guest.reads("?Code=5001-/../4354-1")

    assert recorded() == []
    engine.do("refund", "back", Money(90000, "EUR"), WORKS)


def test_why_a_payment_failed_is_no_markup(guest: Guest, demo_client: Client) -> None:
    why = "<script>alert(1)</script>"
    demo_client.pay(BOOKING, "1.00", Status=1, AddBookingTag=20, Comments=why)

    said = guest.reads()

    assert "&lt;script&gt;" in said
    assert "<script" not in said


def test_what_the_ledger_refuses_is_not_passed_over(guest: Guest) -> None:
    """Nobody is told that all is well, and the next visit records it."""
    back = guest.pays(guest.goes_to_pay())
    rename("Credit Card", "Card")

    answer = requests.get(f"{guest.address}/{back}", timeout=TIMEOUT_S)

    assert answer.status_code == 500
    assert recorded() == []
    rename("Card", "Credit Card")
    assert "Thank you" in guest.reads()
    assert recorded() == [("cleared", "363.00 EUR", FIRST)]


def rename(method: str, name: str) -> None:
    with transaction() as connection:
        mine = update(PaymentMethod).where(PaymentMethod.name == method)
        connection.execute(mine.values(name=name))


def test_the_page_holds_no_secret(guest: Guest) -> None:
    said = guest.reads(guest.pays(guest.goes_to_pay(), "expired"))

    assert "demo-secret" not in said
    assert "Bearer" not in said


def test_when_the_ledger_is_away_the_guest_is_not_told_why() -> None:
    with checkout(f"http://127.0.0.1:{free_port()}") as guest:
        answer = requests.get(guest.address, timeout=TIMEOUT_S)

    assert answer.status_code == 500
    assert "Traceback" not in answer.text
