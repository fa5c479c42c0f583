"""docs/opayo.md says of numbers, messages and signatures what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from payments.gateways.opayo import answers, messages, notices
from payments.gateways.opayo.wire import CALL_S, CONNECT_S

DOCS = Path(__file__).parents[4] / "docs"
PAGE = (DOCS / "opayo.md").read_text()
KINDS = {
    "declined": "declined",
    "expired": "expired",
    "wrong details": "wrong_details",
    "not authenticated": "not_authenticated",
    "refused by our rules": "refused_by_us",
    "the provider's fault": "provider_fault",
}


def numbers(text: str) -> Iterator[int]:
    """ "4001 to 4003, 4042" as numbers."""
    for first, last in re.findall(r"([0-9]{4})(?: to ([0-9]{4}))?", text):
        yield from range(int(first), int(last or first) + 1)


def test_the_numbers_of_declines_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| ([a-z' ]+) \| ([0-9, to]+) \|$", PAGE, re.MULTILINE)

    told = {number: KINDS[kind] for kind, text in rows for number in numbers(text)}
    assert told == answers.DECLINES


def test_the_numbers_that_say_more_than_the_status_are_told() -> None:
    [used] = re.findall(r"^\| ([0-9to, ]+): the VendorTxCode was used before", PAGE, re.MULTILINE)
    assert set(numbers(used)) == answers.USED_BEFORE

    for kind, (code, outcome) in answers.DONE_BEFORE.items():
        [row] = [line for line in PAGE.splitlines() if f"{code} on a {kind}" in
                 line.replace("an abort", "a abort")]  # fmt: skip
        assert ("| done |" in row) == (outcome.status == "succeeded")


def test_every_message_is_told_with_where_it_goes() -> None:
    for service in messages.SERVICES.values():
        assert f"| `{service}` |" in PAGE
    for name, value in messages.NOT_BY_GUEST.items():
        assert f"{name}={value}" in PAGE
    assert f"{CALL_S:.0f} seconds for everything\n({CONNECT_S} to connect)" in PAGE


def test_the_signature_is_told_in_its_order() -> None:
    page = (DOCS / "opayo-sources.md").read_text()
    [told] = re.findall(r"order of VPSSignature: (.*?); upper case MD5", page)

    words = told.replace(" in small letters", "").replace(", and with 4.00 ", ", ")
    assert tuple(words.split(", ")) == notices.SIGNED
