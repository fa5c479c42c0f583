"""What is posted and what becomes of the answer, situation by situation (samples/*.txt).

A sample has the order, the form that is posted for it, the answer, and the outcome.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args
from urllib.parse import parse_qsl

import pytest
import responses

from payments.gateways.gateway import Kind, Outcome
from payments.gateways.opayo import answers
from payments.gateways.opayo.messages import SERVICES
from tests.payments.gateways.opayo.given import NEW, OPAYO, answered, order, service

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.txt"))
WORDS = {"new transaction": NEW, "nothing": {}}


def parts(sample: Path) -> tuple[list[str], dict[str, str], int, str, dict[str, str]]:
    """The words of the order, the form, status and text of the answer, and the outcome."""
    wanted, _, rest = sample.read_text().partition("\n")
    form, _, rest = rest.partition("\n>>> ")
    status, _, rest = rest.partition("\n")
    answer, _, outcome = rest.partition("=== ")
    told = dict(line.split(": ", 1) for line in outcome.splitlines())
    fields = dict(line.split("=", 1) for line in form.splitlines())
    return wanted.split(), fields, int(status), answer.replace("\n", "\r\n"), told


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
@responses.activate
def test_what_is_posted_and_what_becomes_of_the_answer(sample: Path) -> None:
    (kind, amount, currency), form, status, answer, told = parts(sample)
    name = SERVICES[kind].removesuffix(".vsp")
    responses.post(service(name), answer.encode("iso-8859-1"), status=status)

    outcome = OPAYO.perform(order(kind, amount, currency))  # type: ignore[arg-type]

    [call] = responses.calls
    body = str(call.request.body)
    assert list(form.items()) == parse_qsl(body, strict_parsing=True, encoding="iso-8859-1")
    assert call.request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert outcome == Outcome(
        status=told["status"],  # type: ignore[arg-type]
        decline=told.get("decline"),  # type: ignore[arg-type]
        reason=told.get("reason"),
        secrets=WORDS[told["keeps"]],
    )


def test_there_is_a_sample_of_every_kind_of_order_that_was_done_and_that_was_not() -> None:
    seen = {(sample.read_text().split()[0], parts(sample)[4]["status"]) for sample in SAMPLES}

    kinds = [kind for kind in get_args(Kind) if kind != "pay"]
    assert seen == {(kind, end) for kind in kinds for end in ("succeeded", "failed", "unknown")}


STATUSES = [
    ("OK", "succeeded"),
    ("NOTAUTHED", "failed"),
    ("REJECTED", "failed"),
    ("INVALID", "failed"),
    ("MALFORMED", "failed"),
    ("ERROR", "unknown"),
    ("OK REPEATED", "unknown"),
    ("3DAUTH", "unknown"),
    ("PPREDIRECT", "unknown"),
    ("AUTHENTICATED", "unknown"),
    ("REGISTERED", "unknown"),
    ("PENDING", "unknown"),
    ("ABORT", "unknown"),
    ("ok", "unknown"),
    ("", "unknown"),
]


@pytest.mark.parametrize(("status", "end"), STATUSES)
@pytest.mark.parametrize("kind", ["charge", "refund", "release", "abort", "void"])
@responses.activate
def test_money_has_moved_not_moved_or_nobody_knows_by_the_status(
    kind: Kind, status: str, end: str
) -> None:
    responses.post(service(SERVICES[kind].removesuffix(".vsp")), answered(status))

    assert OPAYO.perform(order(kind)).status == end


@pytest.mark.parametrize(
    ("detail", "decline"),
    [
        ("2000 : The Authorisation was Declined by the bank.", "declined"),
        ("2002 : The Authorisation timed out.", "provider_fault"),
        ("2001 : The Authorisation was Rejected by the vendor rule-base.", "refused_by_us"),
        ("4026 : 3D-Authentication failed.", "not_authenticated"),
        ("5013 : The card has expired.", "expired"),
        ("5018 : The Security Code length is invalid.", "wrong_details"),
        ("4020 : Information received from an Invalid IP address.", "declined"),
        ("Declined, and no number at all", "declined"),
        ("20000 : five digits are no code", "declined"),
        ("", "declined"),
    ],
)
def test_a_decline_is_known_by_the_code_that_the_detail_begins_with(
    detail: str, decline: str
) -> None:
    values = {"Status": "NOTAUTHED", "StatusDetail": detail}

    assert answers.outcome_of(order("charge"), values).decline == decline


def test_every_kind_of_decline_is_one_that_guests_have_words_for() -> None:
    kinds = {*answers.DECLINES.values(), *answers.FAILED.values()}

    assert kinds <= {"declined", "expired", "wrong_details", "not_authenticated", "refused_by_us",
                     "provider_fault"}  # fmt: skip
    assert len(answers.DECLINES) == sum(len(codes) for codes in answers._KINDS.values())


@pytest.mark.parametrize("code", sorted(answers.USED_BEFORE))
@pytest.mark.parametrize("status", ["INVALID", "MALFORMED"])
def test_a_code_that_was_used_before_may_be_this_very_order(status: str, code: int) -> None:
    values = {"Status": status, "StatusDetail": f"{code} : The VendorTxCode has been used before."}

    assert answers.outcome_of(order("charge"), values).status == "unknown"


@pytest.mark.parametrize(
    ("kind", "code", "end"),
    [
        ("abort", 4040, "succeeded"),
        ("void", 4036, "succeeded"),
        ("release", 4038, "unknown"),
        ("release", 4040, "failed"),
        ("refund", 4034, "failed"),
        ("charge", 4036, "failed"),
    ],
)
def test_what_was_aborted_or_voided_before_is_so_and_a_release_may_have_been_of_less(
    kind: Kind, code: int, end: str
) -> None:
    values = {"Status": "INVALID", "StatusDetail": f"{code} : already"}

    assert answers.outcome_of(order(kind), values).status == end


def test_the_reason_is_one_line_and_holds_the_banks_code_but_never_a_card() -> None:
    told = {"Status": "NOTAUTHED", "StatusDetail": "2000 : Declined\x00\x1b[31m  by the bank."}
    outcome = answers.outcome_of(order("charge"), told | {"DeclineCode": "51"})
    assert outcome.reason == "NOTAUTHED 2000 : Declined [31m by the bank. (the bank's code: 51)"

    card = answers.outcome_of(order("charge"), told | {"StatusDetail": "4111 1111 1111 1111"})
    assert card.reason == "NOTAUTHED (withheld: it holds what looks like a card number)"

    long = answers.outcome_of(order("charge"), told | {"StatusDetail": "x" * 9000})
    assert len(long.reason or "") == answers.LONGEST_REASON


@pytest.mark.parametrize("lacking", ["VPSTxId", "TxAuthNo", "SecurityKey"])
def test_a_charge_that_lacks_one_of_the_values_is_done_and_keeps_none(lacking: str) -> None:
    values = {"Status": "OK", "VPSTxId": "{A}", "TxAuthNo": "1", "SecurityKey": "k"}
    del values[lacking]

    assert answers.outcome_of(order("charge"), values) == Outcome("succeeded")
