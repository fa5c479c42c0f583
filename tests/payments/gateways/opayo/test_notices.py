"""What Opayo tells from server to server, by whom it is believed, and what it is answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import Money
from payments.gateways.gateway import Notice, Outcome
from payments.gateways.opayo.notices import SIGNED, signature
from tests.payments.gateways.opayo.given import CODE, NEW, NOTICE, OPAYO, PAGE, notice

PAID = Outcome(
    "succeeded", amount=Money(24800, "EUR"), secrets=NEW, last_digits="0006", card_type="VISA"
)


def believed(form: dict[str, str], page: dict[str, str] = PAGE) -> Outcome | None:
    found = OPAYO.notice(form)
    assert found is not None
    return OPAYO.believe(found, page)


def test_the_signature_is_the_one_of_the_protocol() -> None:
    # By hand: md5sum of the values one after the other, the vendor in small letters, upper case.
    assert (
        signature(NOTICE, "ExampleVillas", PAGE["SecurityKey"])
        == "2C98AB97E6594B7DC502ABA26B3DF8E7"
    )


def test_a_signed_notice_tells_that_the_guest_has_paid_and_what_to_refund_it_by() -> None:
    assert believed(notice()) == PAID


def test_a_signature_in_small_letters_is_the_same() -> None:
    form = notice()

    assert believed(form | {"VPSSignature": form["VPSSignature"].lower()}) == PAID


@pytest.mark.parametrize("name", [name for name in SIGNED if name in NOTICE])
def test_no_signed_value_can_be_changed(name: str) -> None:
    assert believed(notice() | {name: NOTICE[name] + "0"}) is None


@pytest.mark.parametrize("name", [name for name in SIGNED if name not in NOTICE])
def test_no_signed_value_can_be_added_but_ours_which_nobody_reads(name: str) -> None:
    came = believed(notice() | {name: "added"})

    assert came == (PAID if name in ("VendorName", "SecurityKey") else None)


@pytest.mark.parametrize("key", ["", "another0ne"])
def test_who_has_another_key_or_none_is_not_believed(key: str) -> None:
    assert believed(notice(key)) is None
    assert believed(notice(""), {}) is None
    assert believed(notice() | {"VPSSignature": "é" * 32}) is None


def test_a_form_without_code_or_signature_is_a_strangers() -> None:
    assert OPAYO.notice({}) is None
    assert OPAYO.notice({"VendorTxCode": CODE}) is None
    assert OPAYO.notice({"VPSSignature": "x"}) is None
    found = OPAYO.notice(notice())
    assert found is not None
    assert found.code == CODE
    assert NOTICE["TxAuthNo"] not in repr(found)


@pytest.mark.parametrize(
    ("status", "detail", "told"),
    [
        ("NOTAUTHED", "2000 : Declined.", ("failed", "declined")),
        ("NOTAUTHED", "5025 : Too many attempts.", ("failed", "declined")),
        ("REJECTED", "2001 : Rejected.", ("failed", "refused_by_us")),
        ("REJECTED", "4046 : 3D-Authentication required.", ("failed", "not_authenticated")),
        ("ERROR", "2003 : An ERROR has occurred.", ("failed", "provider_fault")),
        ("INVALID", "5013 : The card has expired.", ("failed", "expired")),
        ("MALFORMED", "", ("failed", "provider_fault")),
        ("ABORT", "2013 : The Transaction was cancelled by the customer.", ("cancelled", None)),
        ("PENDING", "", ("unknown", None)),
        ("AUTHENTICATED", "", ("unknown", None)),
        ("REGISTERED", "", ("unknown", None)),
        ("OK REPEATED", "", ("unknown", None)),
        ("", "", ("unknown", None)),
    ],
)
def test_every_status_of_a_notice_has_a_meaning(
    status: str, detail: str, told: tuple[str, str | None]
) -> None:
    outcome = believed(notice(Status=status, StatusDetail=detail))

    assert outcome is not None
    assert (outcome.status, outcome.decline) == told
    assert outcome.secrets == {}


@pytest.mark.parametrize(
    ("surcharge", "amount"),
    [("", Money(24800, "EUR")), ("0.00", Money(24800, "EUR")), ("2.48", Money(25048, "EUR"))],
)
def test_what_opayo_has_put_on_top_is_part_of_what_was_paid(surcharge: str, amount: Money) -> None:
    outcome = believed(notice(Surcharge=surcharge))

    assert outcome is not None
    assert (outcome.status, outcome.amount) == ("succeeded", amount)


@pytest.mark.parametrize("surcharge", ["much", "1.234", "1e3", "2,48"])
def test_an_amount_that_cannot_be_read_is_not_accounted_for(surcharge: str) -> None:
    assert believed(notice(Surcharge=surcharge)) == Outcome("unknown")


def test_digits_and_card_are_kept_only_as_what_they_should_be() -> None:
    outcome = believed(notice(Last4Digits="4111111111111111", CardType="<b>"))

    assert outcome is not None
    assert (outcome.status, outcome.last_digits, outcome.card_type) == ("succeeded", None, None)


@pytest.mark.long
@given(st.dictionaries(st.sampled_from(["Status", "Surcharge", *SIGNED]), st.text(max_size=9)))
def test_whatever_a_form_holds_is_never_an_error(form: dict[str, str]) -> None:
    OPAYO.believe(Notice(CODE, form), PAGE)
    assert OPAYO.believe(Notice(CODE, notice(**form)), PAGE) is not None


def test_the_answer_begins_with_its_status_and_names_where_the_guest_goes_on() -> None:
    back = "https://pay.example.com/pay/link/back/code"

    assert OPAYO.reply(True, back) == (
        f"Status=OK\r\nRedirectURL={back}\r\nStatusDetail=Recorded\r\n"
    )
    assert OPAYO.reply(False, back) == (
        f"Status=INVALID\r\nRedirectURL={back}\r\nStatusDetail=Not recorded: take nothing\r\n"
    )
