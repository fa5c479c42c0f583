"""docs/formats/spektrix.md: its calls answer what it prints, its table is that of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask import Flask

from demo.loading import load
from kit import clock
from kit.db import transaction
from partners.scopes import FORMATS
from payments.formats.spektrix.errors import ANSWERS
from tests.apidocs.conftest import table_rows
from tests.apidocs.test_documented_calls import calls_of, run
from tests.payments.formats.spektrix.test_signing import DATE, SECRET
from tests.served import served

PAGE = Path(__file__).parents[4] / "docs" / "formats" / "spektrix.md"
# What the ledger may refuse a client of this format, and what befalls every request.
OF_EVERY_REQUEST = {"not_found", "method_not_allowed", "body_too_large",
                    "internal_error", "unavailable", "malformed_json", "not_utf8", "not_unicode",
                    "body_cut_off", "required", "invalid", "repeated", "too_long", "too_many",
                    "control_character", "card_number"}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_every_call_of_the_document_answers_what_it_prints(app: Flask) -> None:
    with transaction() as connection:
        load(connection, clock.now())
    calls = calls_of(PAGE.read_text())
    printed = [call for call in calls if call[1]]

    with served(app) as address:
        came = list(run(calls, address))

    assert len(printed) >= 12
    for (commands, status, body), answer in zip(printed, came, strict=True):
        assert answer == (status, json.loads(body, parse_float=str)), commands


def test_the_documented_codes_are_given_with_the_documented_status() -> None:
    statuses = {error.code: status for error, status in ANSWERS.items()}

    documented = set()
    for status, codes, what, to_do in table_rows(PAGE.read_text(), "## Errors")[2:]:
        for code in re.findall(r"`(\w+)`", codes):
            if code not in OF_EVERY_REQUEST:
                assert str(statuses[code]) == status, code
            documented.add(code)
        assert what
        assert to_do

    assert documented >= OF_EVERY_REQUEST
    assert len(documented) > 30


def test_the_known_answers_are_those_of_the_tests() -> None:
    page, tests = PAGE.read_text(), (Path(__file__).parent / "test_signing.py").read_text()

    signatures = re.findall(r"`([\w+/]{27}=)`", page)
    assert len(signatures) == 2
    assert all(each in tests for each in signatures)
    assert SECRET in page
    assert DATE in page


def test_a_client_that_is_added_for_the_format_has_the_scopes_that_the_document_says() -> None:
    rows = table_rows(PAGE.read_text(), "## Getting in")

    needed = {scope for _, scopes in rows for scope in re.findall(r"`([\w:]+)`", scopes)}
    assert needed == {*FORMATS["spektrix"], "payments:refund"}
