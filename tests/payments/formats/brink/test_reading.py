"""What is read of an ApplyPayment; and what cannot be: named, with what came and what would be
right, all at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from kit.form import Malformed
from payments.formats.brink import envelope, reading
from payments.formats.brink.schemas import ApplyPayment
from tests.payments.formats.brink.given import ORDERING, SOAP, details, payment, request

CARD = "4111 1111 1111 1111"
DECIMAL = "a plain decimal such as 20.06, at most 9999999999.99"
WRONG = [
    ("Amount", "1e3", f"'1e3'; it must be {DECIMAL}, without an exponent"),
    ("Amount", "10,75", f"'10,75'; it must be {DECIMAL}"),
    ("Amount", "1 0", f"'1 0'; it must be {DECIMAL}"),
    ("Amount", "1_0", f"'1_0'; it must be {DECIMAL}"),
    ("Amount", "٣", f"'٣'; it must be {DECIMAL}"),
    ("Amount", "NaN", f"'NaN'; it must be {DECIMAL}"),
    ("Amount", "INF", f"'INF'; it must be {DECIMAL}"),
    ("Amount", "", f"''; it must be {DECIMAL}"),
    ("Amount", ".", f"'.'; it must be {DECIMAL}"),
    ("Amount", "10000000000", f"'10000000000'; it must be {DECIMAL}"),
    ("Amount", "9999999999.999", f"'9999999999.999'; it must be {DECIMAL}"),
    ("Amount", "0", "'0'; it must be more than 0"),
    ("Amount", "-0.00", "'-0.00'; it must be more than 0"),
    ("Amount", "-10.75", "'-10.75'; it must be more than 0"),
    ("TipAmount", "-1", "'-1'; it must be 0 or more"),
    ("TipAmount", "", f"''; it must be {DECIMAL}"),
    ("TipAmount", "1e0", f"'1e0'; it must be {DECIMAL}, without an exponent"),
    ("Id", "0", "'0'; it must be a whole number from 1 to 2147483647"),
    ("Id", "1.0", "'1.0'; it must be a whole number from 1 to 2147483647"),
    ("Id", "2147483648", "'2147483648'; it must be a whole number from 1 to 2147483647"),
    ("TenderId", "-1", "'-1'; it must be a whole number from 0 to 2147483647"),
    ("TenderId", "one", "'one'; it must be a whole number from 0 to 2147483647"),
]


def asked(message: str) -> ApplyPayment:
    """What a message asks for. Raises Malformed."""
    body = envelope.parse(message.encode()).find(f"{{{SOAP}}}Body")
    assert body is not None
    return reading.read(body[0])


def wrong(message: str) -> str:
    """What is told of a message that cannot be read."""
    with pytest.raises(Malformed) as refused:
        asked(message)
    assert all(field for field, _ in refused.value.faults)
    return " ".join(str(fault) for _, fault in refused.value.faults)


def pay(**fields: str | None) -> str:
    """A message with these children of Payment."""
    return request(12345, payment(**fields))


@pytest.mark.parametrize(
    ("written", "amount"),
    [("10.75", "10.75"), ("10.5", "10.5"), ("10.7500", "10.75"), ("100.0", "100"),
     ("10", "10"), ("+10.75", "10.75"), ("010.75", "10.75"), (".75", "0.75"),
     ("10.", "10"), (" \n10.75\t", "10.75"),
     ("<![CDATA[10.75]]>", "10.75"), ("1<![CDATA[0.]]>75", "10.75"), ("&#49;0.75", "10.75"),
     ("9999999999.99", "9999999999.99")],
)  # fmt: skip
def test_an_amount_is_what_xml_schema_says_it_is_without_zeros_at_its_end(
    written: str, amount: str
) -> None:
    assert str(asked(pay(Amount=written)).amount) == amount


def test_ids_may_be_written_as_xml_schema_lets_them_be_written() -> None:
    found = asked(request("\n +0012345 ", payment(Id="+1", TenderId="007")))

    assert (found.order_id, found.payment_id, found.tender_id) == (12345, 1, 7)


@pytest.mark.parametrize("tip", [None, "0", "0.00"])
def test_without_a_tip_there_is_none(tip: str | None) -> None:
    assert asked(pay(TipAmount=tip)).tip == Decimal(0)


def test_nil_tips_and_details_are_none() -> None:
    nil = '<TipAmount i:nil="true"/><ReferenceDetails i:nil="1"/>'

    found = asked(request(12345, payment() + nil))

    assert (found.tip, found.details) == (Decimal(0), ())


@pytest.mark.parametrize(("field", "came", "sentence"), WRONG)
def test_a_wrong_field_is_named_with_what_came_and_what_would_be_right(
    field: str, came: str, sentence: str
) -> None:
    assert wrong(pay(**{field: came})) == f"Payment.{field} is {sentence}."


@pytest.mark.parametrize("came", ["9223372036854775808", "0", "-5", "x", ""])
def test_an_order_is_a_long_from_1(came: str) -> None:
    told = wrong(request(came, payment()))

    assert told == f"OrderId is {came!r}; it must be a whole number from 1."


def test_everything_that_is_wrong_is_told_at_once() -> None:
    nameless = "<PaymentReferenceDetail><Value>Visa</Value></PaymentReferenceDetail>"
    fields = {"Amount": "ten", "Id": None, "TenderId": "", "ReferenceDetails": nameless}

    told = wrong(request("A1", payment(**fields)))

    number = "a whole number from"
    assert told == (
        f"OrderId is 'A1'; it must be {number} 1. "
        f"Payment.Amount is 'ten'; it must be {DECIMAL}. "
        f"Payment.Id is missing; it must be {number} 1 to 2147483647. "
        f"Payment.TenderId is ''; it must be {number} 0 to 2147483647. "
        "Payment.ReferenceDetails[0].Name is missing; it must be a text of 1 to 100 characters."
    )


@pytest.mark.parametrize("field", ["Amount", "Id", "TenderId"])
def test_nil_is_as_good_as_missing(field: str) -> None:
    told = wrong(request(12345, payment(**{field: None}) + f'<{field} i:nil="true"/>'))

    assert told.startswith(f"Payment.{field} is missing; it must be ")


ONE = "ApplyPayment must hold one, with OrderId and Payment."


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", f"request is missing; {ONE}"),
        ("<request/><request/>", f"request is given more than once; {ONE}"),
        (
            "<request><OrderId>1</OrderId></request>",
            "Payment is missing; it must be an element with elements in it.",
        ),
    ],
)
def test_what_is_missing_around_the_fields_is_told_too(body: str, sentence: str) -> None:
    operation = etree.fromstring(f'<ApplyPayment xmlns="{ORDERING}">{body}</ApplyPayment>')

    with pytest.raises(Malformed) as refused:
        reading.read(operation)

    assert str(refused.value) == sentence


THERE = "there are Amount, Id, TenderId, TipAmount and ReferenceDetails"


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ("<TipAmout>1</TipAmout>", f"Payment.TipAmout is not known here; {THERE}."),
        ("<amount>1</amount>", f"Payment.amount is not known here; {THERE}."),
        (f"<{'x' * 51}/>", f"A field is not known here; {THERE}."),
        ("<_4111111111111111/>", f"A field is not known here; {THERE}."),
        ("<Amount>9</Amount>", "Payment.Amount is given more than once; give it once."),
        (
            '<TipAmount xmlns="">1</TipAmount>',
            f"Payment.TipAmount must be in the namespace {ORDERING}.",
        ),
        (
            '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>',
            f"Payment.include is not known here; {THERE}.",
        ),
        ("<_schema>1</_schema>", f"_schema is not known here; {THERE}."),
    ],
)
def test_a_field_that_is_not_known_is_refused_since_it_may_be_misspelt(
    extra: str, sentence: str
) -> None:
    assert wrong(request(12345, payment() + extra)) == sentence


@pytest.mark.parametrize("came", ["10<!-- -->.75", "10.75<!-- -->", "<b>10.75</b>", "10<b/>.75"])
def test_a_value_with_a_comment_or_an_element_in_it_is_refused(came: str) -> None:
    told = wrong(pay(Amount=came))

    assert told == f"Payment.Amount holds a comment or an element; it must be {DECIMAL}."


@pytest.mark.parametrize(
    ("pair", "place"), [(("Card", CARD), "Value"), ((f"PAN {CARD}", "x"), "Name")]
)
def test_a_card_number_is_refused_and_never_repeated(pair: tuple[str, str], place: str) -> None:
    told = wrong(pay(ReferenceDetails=details(("Card Type", "Visa"), pair)))

    start = f"Payment.ReferenceDetails[1].{place}"
    assert told == f"{start} holds what looks like a card number; never send one."


@pytest.mark.parametrize("field", ["Amount", "TipAmount", "Id", "TenderId"])
def test_a_card_number_in_a_number_is_not_repeated_either(field: str) -> None:
    told = wrong(pay(**{field: CARD}))

    assert told.startswith(f"Payment.{field} is not readable; it must be ")
    assert "1111" not in told


def test_details_have_their_limits() -> None:
    many = details(*[("n", "v")] * 51)
    long = details(("n" * 101, "v" * 2001), ("DEL", "a\x7fb"))
    strange = details(("n", "v")) + "<Detail/>"

    told = [wrong(pay(ReferenceDetails=each)) for each in (many, long, strange)]

    start = "Payment.ReferenceDetails"
    assert told == [
        f"{start} has 51 entries; it must be a list of at most 50.",
        f"{start}[0].Name has 101 characters; it must be a text of 1 to 100 characters. "
        f"{start}[0].Value has 2001 characters; it must be a text of at most 2000 characters. "
        f"{start}[1].Value holds a control character.",
        f"{start} must hold PaymentReferenceDetail, and nothing else.",
    ]


@pytest.mark.parametrize("kind", ["NewCashPayment", "q:NewExternalPayment", "i:NewExternalPayment"])
def test_another_kind_of_payment_is_refused(kind: str) -> None:
    told = wrong(pay().replace("<Payment>", f'<Payment i:type="{kind}">'))

    assert told == "Payment has a strange xsi:type; it must be NewExternalPayment."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Payment>", "<Payment>stray"),
        ("<request>", '<request kind="x">'),
        ("<Amount>", '<Amount i:type="i:float">'),
        ("<Id>", '<Id unit="EUR">'),
        ("<Id>", '<Id i:nil="false">'),
        ("</request>", "</request><more/>"),
    ],
)
def test_what_only_the_schema_sees_is_refused_too(old: str, new: str) -> None:
    told = wrong(pay().replace(old, new))

    assert told == "The request does not fit the schema, which is at ?wsdl."


SAME = [{"Amount": "10.750"}, {"Amount": "+010.75"}, {"TipAmount": "0.00"}, {"TenderId": "01"}]
OTHER = [{"Amount": "10.76"}, {"Amount": "107.5"}, {"TipAmount": "0.01"}, {"TenderId": "2"}]


def test_one_payment_has_one_fingerprint_however_it_is_written() -> None:
    first = asked(pay()).fingerprint()

    assert {asked(pay(**each)).fingerprint() for each in SAME} == {first}
    others = [asked(pay(**each)).fingerprint() for each in OTHER]
    others.append(asked(pay(ReferenceDetails=details(("a", "b")))).fingerprint())
    others.append(asked(pay(ReferenceDetails=details(("b", "a")))).fingerprint())
    assert len({first, *others}) == 1 + len(others)


def test_hundreds_is_not_the_same_as_one() -> None:
    amounts = ["1", "10", "100", "1000"]

    assert len({asked(pay(Amount=each)).fingerprint() for each in amounts}) == 4


WORDS = st.text(alphabet="0123456789+-. eE\n", max_size=14)


@pytest.mark.long
@settings(max_examples=300)
@given(WORDS, st.sampled_from(["Amount", "TipAmount", "Id", "TenderId"]))
def test_a_number_that_is_read_is_the_one_that_was_written(word: str, field: str) -> None:
    try:
        found = asked(pay(**{field: word}))
    except Malformed:
        return
    value = {"Amount": found.amount, "TipAmount": found.tip, "Id": found.payment_id,
             "TenderId": found.tender_id}[field]  # fmt: skip
    assert value == Decimal(word.strip())


@pytest.mark.long
def test_messages_read_at_the_same_time_do_not_mix() -> None:
    good, bad = pay(), pay().replace("<request>", '<request kind="x">')
    start = threading.Barrier(4)

    def read(message: str, reads: Callable[[str], object]) -> list[object]:
        start.wait(timeout=10)
        return [reads(message) for _ in range(200)]

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(read, *each) for each in [(good, asked), (bad, wrong)] * 2]
        found = [{str(each) for each in one.result()} for one in waiting]

    assert found == [{str(asked(good))}, {wrong(bad)}] * 2
