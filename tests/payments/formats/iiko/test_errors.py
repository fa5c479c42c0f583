"""Whatever goes wrong below /api/ is told in the shape of iiko."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import orjson
import pytest
import structlog
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bookings.errors import BookingError
from kit.errors import leaves
from partners.errors import PartnerError
from payments.errors import PaymentError
from payments.formats.iiko import commands
from payments.formats.iiko.errors import ANSWERS
from tests import make
from tests.payments.formats.iiko.till import Till, payment, refused
from tests.payments.proofs import nothing_written

pytestmark = pytest.mark.one_database

VENDORS_WORDS = {
    "Common", "OrderNotFound", "PaymentTypeNotFound", "PaymentTypeCanNotBeUsedAsExternal",
}  # fmt: skip


def test_every_error_has_an_answer_here() -> None:
    every = {*leaves(PaymentError), *leaves(PartnerError), *leaves(BookingError)}

    assert set(ANSWERS) == {each for each in every if not each.__module__.startswith("tests.")}


def test_what_a_command_may_end_with_is_told_in_the_vendors_words() -> None:
    ours = {"OrganizationNotFound", None}

    assert {answer.word for answer in ANSWERS.values()} == VENDORS_WORDS | ours
    assert {answer.status for answer in ANSWERS.values()} == {400, 401, 403, 429}


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [(ValueError("a secret"), 500, "internal_error"), (PoolTimeout(), 503, "unavailable")],
)
def test_what_is_our_own_fault(
    till: Till, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, word: str
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(commands, "keep", broken)
    with nothing_written(), structlog.testing.capture_logs() as logged:
        answer = till.ask("order/add_payments", till.order(1, payment()))

    assert refused(answer)[:2] == (status, word)
    assert len(logged) == (status == 500)
    assert "a secret" not in answer.text + repr(logged)
    assert till.token not in repr(logged)
    assert ("Retry-After" in answer.headers) == (status == 503)


def sent(till: Till, raw: bytes, **environ: Any) -> Any:
    """The answer to a body as a server hands it on."""
    return till.app.test_client().post(
        "/api/1/order/add_payments",
        headers={"Authorization": f"Bearer {till.token}"},
        input_stream=BytesIO(raw),
        environ_overrides={"wsgi.input_terminated": True, **environ},
    )


def test_a_body_without_its_length_or_cut_off_is_no_payment(till: Till) -> None:
    whole = orjson.dumps(till.order(make.booking(), payment()))

    with nothing_written():
        unsized = sent(till, whole, CONTENT_LENGTH=None)
        cut = sent(till, whole[:-1], CONTENT_LENGTH=str(len(whole)))
        chunked = sent(till, whole[:-1], HTTP_TRANSFER_ENCODING="chunked")

    assert refused(unsized)[:2] == (411, "length_required")
    assert refused(cut)[:2] == (400, "body_cut_off")
    assert refused(chunked)[:2] == (400, "malformed_json")


def test_a_whole_body_in_chunks_is_accepted(till: Till) -> None:
    whole = orjson.dumps(till.order(make.booking(), payment()))

    answer = sent(till, whole, HTTP_TRANSFER_ENCODING="chunked")

    assert list(answer.json) == ["correlationId"]
