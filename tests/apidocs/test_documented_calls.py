"""Every call that the documents print is made, and answers what they print.

A block of `bash` that is followed by a block of `http` is a call with its answer; one that is not
sets variables of the shell. Ids, dates, tokens and times differ from run to run, nothing else may.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from demo.loading import load
from kit import clock
from kit.db import transaction
from payments.models import Payment
from tests import make
from tests.conftest import missing
from tests.served import served

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```bash\n(.*?)^```\n(?:```http\nHTTP/1\.1 (\d+)\n(.*?)^```\n)?", re.M | re.S)
DIFFERS = (
    "access_token", "PaymentId", "PaymentIds", "PaymentID", "RefundOf", "BookingId", "BookingID",
    "EnquiryId", "ContactID", "Url",
)  # fmt: skip

Call = tuple[str, str, str]

pytestmark = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


def calls_of(page: str) -> list[Call]:
    """Every block of a document: its commands, and the status and body printed below it."""
    return [(block[1], block[2] or "", block[3] or "") for block in BLOCK.finditer(page)]


def script(calls: list[Call]) -> str:
    """All blocks in one shell; the answers of calls are parted from one another by a line."""
    plain = "set -eu\n"
    curl = """curl() { command curl --write-out '\\n%{http_code}\\n---\\n' "$@"; }\n"""
    return plain + "\n".join(
        f"(\n{curl}{commands})" if status else commands for commands, status, _ in calls
    )


def run(calls: list[Call], address: str) -> Iterator[tuple[str, Any]]:
    """Status and JSON of each call, as they came."""
    for status, body in answers(calls, address):
        yield status, json.loads(body, parse_float=str)


def answers(calls: list[Call], address: str) -> Iterator[tuple[str, str]]:
    """Status and body of each call, as they came."""
    if shutil.which("curl") is None or shutil.which("bash") is None:
        missing("no curl, or no bash")
    done = subprocess.run(
        ["bash", "-c", script(calls)],
        env={"API": address, "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    for answer in done.stdout.rstrip().removesuffix("\n---").split("\n---\n"):
        body, status = answer.strip().rsplit("\n", 1)
        yield status, body


def alike(thing: Any, key: str = "") -> Any:
    """What must be the same in every run: all but ids, digits in texts, and tokens."""
    if isinstance(thing, dict):
        return {name: alike(value, name) for name, value in thing.items()}
    if isinstance(thing, list):
        return [alike(each, key) for each in thing]
    if key in DIFFERS and thing is not None:
        return type(thing)
    if isinstance(thing, str) and not re.fullmatch(r"\d+\.\d+", thing):
        return re.sub(r"\d+", "#", re.sub(r"^SBX-\w{20}$", "(token)", thing))
    return thing


@pytest.mark.long
@pytest.mark.parametrize(
    ("document", "least"),
    [("formats/ipro.md", 50), ("bookings.md", 15), ("integrate.md", 6), ("office/reports.md", 4)],
)
def test_every_call_of_a_document_answers_what_it_prints(
    app: Flask, document: str, least: int
) -> None:
    with transaction() as connection:
        load(connection, clock.now())
    calls = calls_of((DOCS / document).read_text())
    printed = [call for call in calls if call[1]]

    with served(app) as address:
        came = list(run(calls, address))

    assert len(printed) >= least
    for (commands, status, body), (their_status, their_body) in zip(printed, came, strict=True):
        assert (their_status, alike(their_body)) == (
            status,
            alike(json.loads(body, parse_float=str)),
        ), commands


@pytest.mark.long
def test_the_payments_of_the_readme_are_taken(app: Flask) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    with transaction() as connection:
        load(connection, clock.now())
    [(commands, _, _), (till, _, _)] = calls_of(readme)
    token, pay, listing = commands.strip().split("\n\n")
    calls = [(token.replace("API=http://127.0.0.1:8000\n", ""), "", "")]
    calls += [(call + "\n", "200", "") for call in (pay, listing, till, till)]

    with served(app) as address:
        (status, taken), (_, listed), first, again = answers(calls, address)

    [payment] = make.rows_of(Payment, booking_id=4354)
    assert (status, json.loads(taken)) == ("200", {"Success": True, "PaymentId": payment.id})
    assert payment.state == "uncleared"
    assert payment.balance_due_on.isoformat() == "2015-09-22"
    assert json.loads(listed)["Payments"][0]["PaymentToken"] == "****404e"
    assert "<ResultCode>0</ResultCode>" in first[1]
    assert again == first
    assert [row.amount for row in make.rows_of(Payment, booking_id=12345)] == [10_75]
