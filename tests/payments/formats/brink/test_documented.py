"""What docs/formats/brink.md prints is answered, letter for letter; and so is the vendor's own
sample (seed 003), as it is printed there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from lxml import etree

from bookings.models import Booking
from demo.loading import load
from kit import clock
from kit.db import transaction
from payments.formats.brink.errors import ANSWERS
from payments.models import Payment
from tests import make
from tests.apidocs.test_documented_calls import DOCS, answers, calls_of
from tests.payments.formats.brink.given import SAMPLES, sample
from tests.served import served

PAGE = DOCS / "formats" / "brink.md"

pytestmark = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


@pytest.fixture
def api(app: Flask) -> Iterator[str]:
    """The address of the demonstration."""
    with transaction() as connection:
        load(connection, clock.now())
    with served(app) as address:
        yield address


def flat(xml: str) -> str:
    """XML without what only makes it easier to read."""
    found: str = etree.canonicalize(xml, strip_text=True)
    return found


@pytest.mark.long
def test_every_call_answers_what_is_printed(api: str) -> None:
    calls = calls_of(PAGE.read_text())
    printed = [call for call in calls if call[1]]

    came = list(answers(calls, api))

    assert len(printed) == 10
    for (commands, status, body), (their_status, their_body) in zip(printed, came, strict=True):
        assert (their_status, flat(their_body)) == (status, flat(body)), commands
    assert make.row_of(Booking, 12345).paid == 1075


@pytest.mark.long
def test_the_client_that_is_printed_pays(api: str, capsys: pytest.CaptureFixture[str]) -> None:
    [program] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)

    names: dict[str, object] = {"API": api}
    exec(program, names)
    names["session"].close()  # type: ignore[attr-defined]

    assert capsys.readouterr().out == "0 Success\n"
    assert make.row_of(Booking, 12345).paid == 425


@pytest.mark.long
def test_the_vendors_own_sample_is_a_success(api: str) -> None:
    command = (SAMPLES / "vendors.sh").read_text()
    call = command.replace("https://{server_name_goes_here}.parpos.com", api)
    assert call != command

    [(status, body)] = answers([(call, "200", "")], api)

    assert (status, flat(body)) == ("200", flat(sample("success.xml").decode()))
    [payment] = make.rows_of(Payment, booking_id=12345)
    assert (payment.amount, payment.tip, payment.source) == (1075, 0, "brink")


@pytest.mark.usefixtures("app")
def test_every_result_code_has_a_row() -> None:
    rows = re.findall(r"^\| `(\d+)` \|", PAGE.read_text(), re.MULTILINE)

    assert {int(row) for row in rows} == {0, 1, *ANSWERS.values()}
