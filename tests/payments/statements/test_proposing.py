"""What a line of the bank may be: the rules, as a table, with plain objects."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.statements.clues import Candidate, Known, Line, OpenLine, Reason
from payments.statements.proposing import AMBIGUOUS, CERTAIN, MOST, Part, Proposal, propose

DAY = date(2026, 11, 20)
LATER = DAY + timedelta(days=60)
FULL = (OpenLine(1, DAY, 9000), OpenLine(1, DAY, 27300), OpenLine(2, LATER, 65200))


def booking(id: int = 4354, **values: Any) -> Candidate:
    """Deposit 363.00 in two lines, due today, and balance 652.00, due in two months."""
    came: dict[str, Any] = {
        "identifier": f"A{id}.1", "first_name": "Jürgen", "last_name": "Müller", "open": FULL
    }  # fmt: skip
    return Candidate(id, **(came | values))


def line(left: int = 36300, id: int = 1, **values: Any) -> Line:
    return Line(id, left, **({"day": DAY} | values))


def best(line: Line, *bookings: Candidate) -> Proposal:
    return propose([line], bookings)[line.id][0]


def codes(proposal: Proposal) -> set[str]:
    return {reason.code for reason in proposal.reasons}


PROMISE = Known(71, 36300, DAY, "CHQ-100")
NAMED: dict[str, Any] = {"text": "Booking A4354.1"}
CALLED: dict[str, Any] = {"party": "MUELLER JUERGEN"}
FAR: dict[str, Any] = {"day": DAY + timedelta(days=30)}


@pytest.mark.parametrize(
    ("came", "of", "kind", "score", "reasons"),
    [
        # What the amount is.
        ({}, {}, "recorded", 50, {"amount_of_stage", "day_near"}),
        ({"left": 65200}, {}, "recorded", 40, {"amount_of_stage"}),
        ({"left": 27300}, {}, "recorded", 50, {"amount_of_line", "day_near"}),
        ({"left": 101500}, {}, "recorded", 50, {"amount_outstanding", "day_near"}),
        ({}, {"promises": (PROMISE,)}, "cleared", 50, {"amount_of_promise", "day_near"}),
        ({}, {"there": (PROMISE,)}, "found", 50, {"amount_of_payment", "day_near"}),
        # What points to the booking.
        (NAMED, {}, "recorded", 100, {"amount_of_stage", "account_identifier", "day_near"}),
        (NAMED | FAR, {}, "recorded", 90, {"amount_of_stage", "account_identifier"}),
        ({"text": "a4354-1"} | FAR, {}, "recorded", 90, {"amount_of_stage", "account_identifier"}),
        ({"text": "ref hmx-7 q2"} | FAR, {"external_reference": "HMX7.Q2"}, "recorded", 85,
         {"amount_of_stage", "external_reference"}),
        ({"text": "stay 4354"} | FAR, {}, "recorded", 70, {"amount_of_stage", "booking_number"}),
        ({"text": "chq 100"} | FAR, {"promises": (PROMISE,)}, "cleared", 90,
         {"amount_of_promise", "payment_reference"}),
        (CALLED | FAR, {}, "recorded", 60, {"amount_of_stage", "name_alike"}),
        ({"party_account": "DE1"} | FAR, {"accounts": frozenset({"DE1"})}, "recorded", 65,
         {"amount_of_stage", "account_known"}),
        (CALLED | {"party_account": "DE1"}, {"accounts": frozenset({"DE1"})}, "recorded", 95,
         {"amount_of_stage", "account_known", "name_alike", "day_near"}),
        # Of several references the best counts.
        ({"text": "A4354.1 4354"} | FAR, {}, "recorded", 90,
         {"amount_of_stage", "account_identifier", "booking_number"}),
        # What keeps it from being certain.
        (NAMED | CALLED | {"left": 30000}, {}, "recorded", 70,
         {"amount_less", "account_identifier", "name_alike"}),
        (NAMED | CALLED | {"left": 30000, "party_account": "DE1"},
         {"accounts": frozenset({"DE1"})}, "recorded", 75,
         {"amount_less", "account_identifier", "name_alike", "account_known"}),
        (NAMED | {"left": 200000}, {}, "recorded", 50, {"amount_more", "account_identifier"}),
        (NAMED | CALLED, {"is_cancelled": True}, "recorded", 60,
         {"amount_of_stage", "account_identifier", "name_alike", "day_near", "cancelled"}),
        (NAMED | CALLED, {"promises": (replace(PROMISE, amount=500),)}, "recorded", 85,
         {"amount_of_stage", "account_identifier", "name_alike", "day_near", "promise_stays"}),
        # A promise is kept before new money is thought of.
        (NAMED, {"promises": (PROMISE,), "there": (replace(PROMISE, id=70),)}, "cleared", 100,
         {"amount_of_promise", "account_identifier", "day_near"}),
    ],
)  # fmt: skip
def test_points_are_given_for_what_speaks_for_a_proposal(
    came: dict[str, Any], of: dict[str, Any], kind: str, score: int, reasons: set[str]
) -> None:
    proposal = best(line(**came), booking(**of))

    assert (proposal.kind, proposal.score, codes(proposal)) == (kind, score, reasons)


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("A4354.1", True),
        ("your ref:a4354.1, thank you", True),
        ("A 4354.1", True),
        ("A-4354/1", True),
        ("A43541", True),
        ("BA4354.1", False),
        ("A4354.10", False),
        ("A4354", False),
        ("4354.1", False),
    ],
)
def test_a_reference_is_found_as_a_whole_word_however_it_is_written(
    text: str, is_named: bool
) -> None:
    found = propose([line(7, text=text)], [booking(id=99, identifier="A4354.1")])[1]

    assert [codes(each) for each in found] == (
        [{"amount_less", "account_identifier"}] if is_named else []
    )


@pytest.mark.parametrize(
    ("party", "first", "last", "is_alike"),
    [
        ("Jürgen Müller", "Jürgen", "Müller", True),
        ("MUELLER, JUERGEN", "Jürgen", "Müller", True),
        ("Jurgen Muller", "Jürgen", "Müller", True),
        ("Herr Jürgen Hans Müller", "Jürgen", "Müller", True),
        ("João e Maria da Silva", "Maria", "Silva", True),
        ("SILVA MARIA", "Maria José", "da Silva", True),
        ("Straße Anna", "Anna", "STRASSE", True),
        ("O'Brien Sinéad", "Sinead", "O'Brien", True),
        ("Familie Müller", "Jürgen", "Müller", False),
        ("J Müller", "Jürgen", "Müller", False),
        ("Jürgen Meier", "Jürgen", "Müller", False),
        ("Ana da Costa", "João", "da Silva", False),
        ("Peter Peter", "Peter", "Peter", False),
        ("Müller", "", "Müller", False),
        ("", "", "", False),
    ],
)
def test_a_name_is_alike_by_a_first_and_a_last_name_in_any_order(
    party: str, first: str, last: str, is_alike: bool
) -> None:
    guest = booking(first_name=first, last_name=last)

    proposal = best(line(party=party), guest)

    assert ("name_alike" in codes(proposal)) is is_alike


def test_nothing_is_proposed_for_what_nothing_speaks_for() -> None:
    assert propose([line(7)], [booking()]) == {1: []}
    assert propose([line(7, text="2026")], [booking(id=2026, identifier="X")]) == {1: []}


def test_several_equals_are_all_proposed_and_none_is_certain() -> None:
    alike = [booking(id=each, open=(OpenLine(1, DAY, 36300),)) for each in (11, 12)]

    found = propose([line(text="A11.1 A12.1")], alike)[1]

    assert [each.parts[0].booking_id for each in found] == [11, 12]
    assert {each.score for each in found} == {AMBIGUOUS}
    assert all(each.reasons[-1] == Reason("fits_others", 1) for each in found)


def test_what_is_less_good_than_equals_is_not_better_than_they() -> None:
    others = [booking(id=11, last_name="Alves"), booking(id=12, last_name="Braga")]
    last = booking(id=13, last_name="Costa", open=(OpenLine(1, LATER, 36300),))

    found = propose([line()], [*others, last])[1]

    assert [(each.parts[0].booking_id, each.score) for each in found] == [
        (11, 35),
        (12, 35),
        (13, 35),
    ]


def test_at_most_five_are_proposed_however_many_there_are() -> None:
    many = [booking(id=each, last_name="Alves") for each in range(100, 200)]

    found = propose([line()], many)[1]

    assert len(found) == MOST
    assert {each.score for each in found} == {AMBIGUOUS}


def test_the_best_reference_is_found_among_very_many_of_the_same_amount() -> None:
    many = [booking(id=each, last_name="Alves") for each in range(100, 1000)]

    assert best(line(text="A777.1"), *many).parts == (Part(777, 36300),)


def test_of_two_promises_the_one_that_is_named_is_meant_and_else_the_nearest() -> None:
    near, named = Known(70, 36300, DAY, "CHQ-99"), Known(71, 36300, LATER, "CHQ-100")
    guest = booking(promises=(named, near))

    assert best(line(text="chq-100"), guest).parts == (Part(4354, 36300, 71),)
    assert best(line(), guest).parts == (Part(4354, 36300, 70),)


def test_a_payment_that_was_recorded_long_ago_is_not_this_line() -> None:
    there = (Known(70, 36300, DAY - timedelta(days=31)),)

    assert best(line(), booking(there=there)).kind == "recorded"


# --- money that left ----------------------------------------------------------------------------


def test_money_that_left_is_a_refund_that_is_there_and_never_anything_new() -> None:
    refund = Known(72, -36300, DAY)

    proposal = best(line(-36300, **NAMED), booking(there=(refund,)))

    assert (proposal.kind, proposal.parts) == ("found", (Part(4354, -36300, 72),))
    assert codes(proposal) == {"amount_of_refund", "account_identifier", "day_near"}
    assert propose([line(-36300, **NAMED)], [booking()]) == {1: []}


# --- over several bookings ----------------------------------------------------------------------

TWO = "for A11.1 and A12.1"


def two(**values: Any) -> list[Candidate]:
    return [
        booking(id=11, **({"open": (OpenLine(1, DAY, 10000), OpenLine(2, LATER, 7000))} | values)),
        booking(id=12, open=(OpenLine(1, DAY, 20000),)),
    ]


@pytest.mark.parametrize(
    ("left", "parts"),
    [
        (37000, (Part(11, 17000), Part(12, 20000))),
        (30000, (Part(11, 10000), Part(12, 20000))),
        (27000, (Part(11, 7000), Part(12, 20000))),
    ],
)
def test_a_line_that_names_two_bookings_is_split_over_what_they_owe(
    left: int, parts: tuple[Part, ...]
) -> None:
    proposal = best(line(left, text=TWO), *two())

    assert (proposal.parts, proposal.kind, proposal.score) == (parts, "recorded", 90)
    assert codes(proposal) == {"amounts_add_up", "account_identifier"}


def test_a_line_that_names_two_bookings_keeps_what_was_promised_to_them() -> None:
    promise = Known(70, 3000, DAY)
    other = replace(two()[1], promises=(Known(71, 4000, DAY),))

    proposal = best(line(7000, text=TWO), two(promises=(promise,))[0], other)

    assert proposal.kind == "cleared"
    assert proposal.parts == (Part(11, 3000, 70), Part(12, 4000, 71))


def test_a_split_is_as_sure_as_its_least_sure_booking() -> None:
    proposal = best(line(37000, text="A11.1 and 12"), *two(), booking(id=12 * 1000))
    assert proposal.score < CERTAIN

    numbered = best(line(37000, text="A11.1 and 1200"), two()[0], replace(two()[1], id=1200))
    assert (len(numbered.parts), numbered.score) == (2, 70)


def test_amounts_that_do_not_add_up_are_no_split() -> None:
    found = propose([line(37001, text=TWO)], two())[1]

    assert {len(each.parts) for each in found} == {1}


# --- several lines ------------------------------------------------------------------------------


def test_several_lines_of_one_payer_make_one_promise() -> None:
    guest = booking(promises=(PROMISE,))
    some = [line(30000, 1, **CALLED), line(1, 2, party="Somebody Else"), line(6300, 3, **CALLED)]

    found = propose(some, [guest])

    assert found[2] == []
    for each in (found[1][0], found[3][0]):
        assert (each.line_ids, each.parts) == ((1, 3), (Part(4354, 36300, 71),))
        assert (each.kind, each.score) == ("cleared", 70)
        assert codes(each) == {"lines_add_up", "name_alike", "day_near"}


def test_lines_put_together_are_never_certain() -> None:
    guest = booking(promises=(PROMISE,), accounts=frozenset({"DE1"}))
    said: dict[str, Any] = CALLED | {"party_account": "DE1", "text": "chq-100"}

    found = propose([line(30000, 1, **said), line(6300, 2, **said)], [guest])

    assert found[1][0].score == 85


@pytest.mark.parametrize(
    "other",
    [
        {"party": "Somebody Else"},
        {**CALLED, "day": DAY + timedelta(days=32)},
        {**CALLED, "left": 6301},
    ],
)
def test_lines_of_others_of_other_months_or_that_do_not_add_up_are_not_put_together(
    other: dict[str, Any],
) -> None:
    some = [line(30000, 1, **CALLED), line(**({"left": 6300, "id": 2} | other))]

    found = propose(some, [booking(promises=(PROMISE,))])

    assert all(len(each.line_ids) == 1 for listed in found.values() for each in listed)


# --- lines that want the same -------------------------------------------------------------------


def test_two_lines_are_not_both_certain_of_one_promise() -> None:
    some = [line(id=1, **NAMED), line(id=2, **NAMED), line(65200, id=3, **NAMED)]

    found = propose(some, [booking(promises=(PROMISE,))])

    assert [found[id][0].score for id in (1, 2)] == [85, 85]
    assert found[1][0].reasons[-1] == Reason("wanted_by_others", 1)


def test_two_lines_are_certain_together_of_no_more_than_the_booking_owes() -> None:
    both = propose([line(36300, 1, **NAMED), line(65200, 2, **NAMED)], [booking()])
    again = propose([line(65200, 1, **NAMED), line(65200, 2, **NAMED)], [booking()])

    assert [both[id][0].score >= CERTAIN for id in (1, 2)] == [True, True]
    assert [again[id][0].score >= CERTAIN for id in (1, 2)] == [False, False]


# --- always -------------------------------------------------------------------------------------

TEXTS = st.sampled_from(["", "A11.1", "A12.1", "A11.1 A12.1", "11111", "chq-100"])
PARTIES = st.sampled_from(["", "Jürgen Müller", "Mueller", "Ana Alves"])
LINES = st.lists(
    st.builds(
        lambda left, text, party, days: (left, text, party, days),
        st.sampled_from([-10000, 3000, 7000, 10000, 17000, 20000, 37000]),
        TEXTS,
        PARTIES,
        st.integers(-40, 40),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.long
@given(LINES, st.randoms(use_true_random=False))
def test_proposals_are_the_same_in_any_order_and_add_up_to_their_lines(
    rows: list[tuple[int, str, str, int]], random: Any
) -> None:
    some = [
        Line(number, left, DAY + timedelta(days=days), party, "", text)
        for number, (left, text, party, days) in enumerate(rows, start=1)
    ]
    bookings = [*two(promises=(Known(70, 10000, DAY, "CHQ-100"),)), booking(id=11111)]

    found = propose(some, bookings)
    random.shuffle(some)
    random.shuffle(bookings)

    assert propose(some, bookings) == found
    left = {each.id: each.left for each in some}
    for line_id, listed in found.items():
        assert len(listed) <= MOST
        assert [each.score for each in listed] == sorted((x.score for x in listed), reverse=True)
        for each in listed:
            assert line_id in each.line_ids
            assert 0 <= each.score <= 100
            assert sum(x.amount for x in each.parts) == sum(left[x] for x in each.line_ids)
            if each.score >= CERTAIN:
                assert not codes(each) & {"amount_less", "amount_more", "fits_others"}
