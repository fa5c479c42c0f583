"""Uploading statements at the desk, and saying what their columns are."""

from __future__ import annotations

import gc
import io
import warnings

import pytest
from flask import Flask

from audit.models import LogEntry
from kit import clock
from payments.statements.models import BankAccount, BankLine, BankStatement, BankUpload
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.desk.statements import UPLOAD, account, send
from tests.payments.statements.files import HEADS, camt, entry, lead, part, rows, sample

OTHER = "DE89370400440532013000"
YEAR = clock.now().year


def today(amount: str = "1.00", text: str = "", **rest: str) -> str:
    return entry(amount, text, day=clock.now().date().isoformat(), **rest)


def csv(*amounts: str) -> bytes:
    day = clock.now().date().isoformat()
    return rows(*((day, each, "Ana", f"for {each}", "") for each in amounts))


def said(page: Page) -> list[str]:
    return page.all(".dk-slips .dk-note")


def test_a_statement_finds_its_account_by_itself(manager: Desk) -> None:
    account_id = account()

    answer = send(manager, camt(part(today("10.00"), balances=lead("5.00", "15.00"))))

    [row] = make.rows_of(BankStatement)
    assert (answer.status, answer.leads_to) == (303, f"/desk/statements/files/{row.id}")
    assert (row.account_id, row.name, row.person_id) == (account_id, "statement.xml",
                                                         manager.person_id)  # fmt: skip
    page = manager.get(f"/desk/statements/files/{row.id}")
    assert "1 line is new." in page.text
    assert page.all("dd")[3:5] == ["5.00 EUR", "15.00 EUR"]
    assert page.root.cssselect(f"a[href='/desk/statements/?statement={row.id}']")


def test_the_same_file_again_leads_to_what_was_read(manager: Desk) -> None:
    account()
    data = camt(part(today()))
    first = send(manager, data)

    again = send(manager, data, "again.xml")

    assert again.leads_to == first.leads_to
    assert (
        "This very file was read before, so nothing was changed."
        in manager.get(str(again.leads_to)).text
    )
    assert len(make.rows_of(BankLine)) == 1


def test_another_file_from_the_same_page_is_not_taken_for_the_first(manager: Desk) -> None:
    account()
    form = manager.get(UPLOAD).form("/upload")

    def sent(data: bytes) -> Page:
        return manager.post(UPLOAD, {**form, "file": (io.BytesIO(data), "a.xml")})

    first, other = sent(camt(part(today("1.00")))), sent(camt(part(today("2.00"))))
    once_more = sent(camt(part(today("1.00"))))

    assert (first.status, other.status, once_more.leads_to) == (303, 422, first.leads_to)
    assert "with other contents; open the page anew" in other.text
    assert [each.amount for each in make.rows_of(BankLine)] == [100]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"%PDF-1.7", "This is a PDF, not a bank statement."),
        (b"", "This is an empty file"),
        (sample("camt053.xml")[:2000], "The file is cut off or damaged at line"),
        (b"<!DOCTYPE x><Document/>", "The file has a document type"),
        (camt(part(entry("1.00"), number=OTHER)), f"The file is of the account {OTHER}"),
        (camt(part(entry("1.00", day="2090-01-01"))), "Line 1 of the statement is of 2090-01-01"),
        (csv("1.00"), "This file does not say for certain which account it is of"),
    ],
)
def test_what_cannot_be_read_is_told_on_the_page(manager: Desk, data: bytes, told: str) -> None:
    account()

    answer = send(manager, data)

    assert answer.status == 422
    [note] = said(answer)
    assert told in note
    assert make.rows_of(BankStatement) == make.rows_of(BankUpload) == []


@pytest.mark.one_database
def test_without_a_file_the_page_asks_for_one(manager: Desk) -> None:
    answer = send(manager, b"", "")

    assert said(answer) == ["Choose the file that you have downloaded from the bank."]


@pytest.mark.one_database
def test_the_chosen_account_must_be_that_of_the_file(manager: Desk) -> None:
    account()
    other = account(number=OTHER, name="Other")

    answer = send(manager, camt(part(today())), account=str(other))

    assert "it must be one of DE89370400440532013000" in said(answer)[0]


# --- size ----------------------------------------------------------------------------------------


def test_a_statement_may_be_larger_than_other_forms(manager: Desk) -> None:
    account()
    many = [today(f"{place}.00", "a line of some length " * 4) for place in range(1, 400)]
    data = camt(part(*many))
    assert len(data) > 100_000

    assert send(manager, data).status == 303
    assert len(make.rows_of(BankLine)) == 399


@pytest.mark.one_database
def test_a_file_beyond_the_limit_is_refused_kindly(
    manager: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = app.view_functions["desk.statement_files.add"]
    monkeypatch.setattr(view, "most_bytes", 200 * 2**10)

    answer = send(manager, b"x;y\n" * 60_000)

    assert answer.status == 413
    assert "This is larger than 200 KiB" in answer.text
    assert "ask for shorter periods" in answer.text


@pytest.mark.one_database
def test_nobody_else_may_send_as_much(operator: Desk, manager: Desk) -> None:
    large = {"file": (io.BytesIO(b"x" * 100_000), "a.csv")}
    assert operator.post(UPLOAD, large).status == 413

    large = {"file": (io.BytesIO(b"x" * 100_000), "a.csv")}
    assert manager.post("/desk/tags/", large).status == 413


@pytest.mark.long
@pytest.mark.one_database
def test_half_a_file_is_no_file(manager: Desk) -> None:
    account()
    boundary = "abc"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n'
        f"{manager.token()}\r\n--{boundary}\r\n"
        'Content-Disposition: form-data; name="file"; filename="a.xml"\r\n\r\n'
    ).encode() + camt(part(today()))

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ResourceWarning
        )  # the parser leaves its half to the garbage
        answer = manager.http.post(
            UPLOAD, data=body, content_type=f"multipart/form-data; boundary={boundary}"
        )
        gc.collect()

    assert answer.status_code == 400
    assert make.rows_of(BankStatement) == []


# --- columns -------------------------------------------------------------------------------------


# What the columns of the plain kind are, as the page asks it.
SAID = {"date": "Day", "amount": "Amount", "party": "Who", "remittance": "Text", "days": "ymd",
        "decimal": ".", "thousands": "none", "do": "store"}  # fmt: skip


def waiting(desk: Desk, data: bytes, **fields: str) -> str:
    """Sends a CSV file whose columns nobody knows; where that leads."""
    answer = send(desk, data, "lines.csv", **fields)
    [upload] = make.rows_of(BankUpload)
    assert (answer.status, answer.leads_to) == (303, f"/desk/statements/uploads/{upload.id}")
    return str(answer.leads_to)


def form_of(page: Page) -> dict[str, str]:
    [form] = page.root.cssselect("form#columns")
    return dict(form.form_values())


@pytest.mark.long
def test_columns_are_confirmed_once_and_remembered(manager: Desk) -> None:
    account_id = account()
    path = waiting(manager, csv("1.00", "2.00"), account=str(account_id))

    answer = manager.post(path, form_of(manager.get(path)) | SAID)

    assert answer.status == 303
    assert str(answer.leads_to).startswith("/desk/statements/files/")
    assert [each.party for each in make.rows_of(BankLine)] == ["Ana", "Ana"]
    assert make.rows_of(BankUpload) == []
    remembered = make.row_of(BankAccount, account_id).columns
    assert (remembered["date"], remembered["heads"]) == ("Day", list(HEADS))

    later = send(manager, csv("1.00", "2.00", "3.00"), "later.csv", account=str(account_id))
    assert str(later.leads_to).startswith("/desk/statements/files/")
    assert len(make.rows_of(BankLine)) == 3


def test_the_page_guesses_and_shows_the_lines_as_they_would_be_read(manager: Desk) -> None:
    account_id = account(number=OTHER)
    data = sample("german.csv").replace(b"2026", str(YEAR - 1).encode())

    page = manager.get(waiting(manager, data, account=str(account_id)))

    form = form_of(page)
    assert (form["date"], form["amount"], form["days"]) == ("Buchungstag", "Betrag", "dmy")
    assert (form["decimal"], form["thousands"], form["party"]) == (
        ",", ".", "Auftraggeber / Empfänger",
    )  # fmt: skip
    assert "Björn Müller" in page.text
    assert "1,290.00" in page.text
    assert "All 4 lines can be read." in page.text
    assert "The letters were read as Windows-1252." in page.text
    assert make.rows_of(BankStatement) == []


def test_what_the_file_does_not_tell_is_asked(manager: Desk) -> None:
    account_id = account()
    data = f"Date,Amount\n01/02/{YEAR - 1},1.00\n".encode()

    page = manager.get(waiting(manager, data, account=str(account_id)))

    assert form_of(page)["days"] == ""
    assert "say what is still to be chosen" in page.text


def test_looking_at_the_lines_stores_nothing(manager: Desk) -> None:
    account_id = account()
    data = f"Date,Amount\n01/02/{YEAR - 1},1.00\n".encode()
    path = waiting(manager, data, account=str(account_id))

    page = manager.post(path, form_of(manager.get(path)) | {"days": "mdy", "do": "look"})

    assert page.status == 200
    assert f"2 Jan {YEAR - 1}" in page.text
    assert make.rows_of(BankStatement) == []
    assert make.row_of(BankAccount, account_id).columns is None


@pytest.mark.one_database
def test_columns_that_make_no_sense_are_told_at_their_fields(manager: Desk) -> None:
    path = waiting(manager, csv("1.00"), account=str(account()))

    answer = manager.post(path, form_of(manager.get(path)) | SAID | {"amount": "", "party": "Day"})

    assert answer.status == 422
    assert answer.all("#e-amount") == ["Choose the column with the amount."]
    assert answer.all("#e-party") == ["“Day” was chosen for something else already."]
    assert len(make.rows_of(BankUpload)) == 1


@pytest.mark.one_database
def test_wrong_lines_are_told_and_nothing_is_stored(manager: Desk) -> None:
    path = waiting(manager, csv("1.00", "1,00"), account=str(account()))

    answer = manager.post(path, form_of(manager.get(path)) | SAID)

    assert answer.status == 422
    assert "Line 3: “Amount” is “1,00”; it must be an amount such as 1234.56." in said(answer)
    assert make.rows_of(BankStatement) == []


def test_a_file_that_waits_can_be_dropped(manager: Desk) -> None:
    path = waiting(manager, csv("1.00"), account=str(account()))

    answer = manager.post(f"{path}/drop", manager.get(path).form("/drop"))

    assert (answer.status, answer.leads_to) == (303, UPLOAD)
    assert make.rows_of(BankUpload) == []
    assert manager.get(path).status == 404


def test_what_looks_like_a_formula_is_harmless_on_the_page(manager: Desk) -> None:
    day = clock.now().date().isoformat()
    row = (day, "1.00", "<script>alert(1)</script>", "=1+1")
    data = rows(row, heads=("Date", "Amount", "Name", "Description"))

    page = manager.get(waiting(manager, data, account=str(account())))

    assert page.root.cssselect("main script") == []
    assert page.all("tbody td")[2:] == ["<script>alert(1)</script>", "–", "=1+1"]


# --- who may -------------------------------------------------------------------------------------


def test_people_of_another_location_see_nothing_of_an_account(
    manager: Desk, desk_of: DeskOf
) -> None:
    account_id = account(1)
    make.location(2)
    elsewhere = desk_of("manager", locations=[2])
    stored = send(manager, camt(part(today())))
    path = waiting(manager, csv("1.00"), account=str(account_id))

    statuses = [elsewhere.get(each).status for each in (str(stored.leads_to), path)]
    sent = send(elsewhere, camt(part(today("9.00"))))
    chosen = send(elsewhere, csv("1.00"), account=str(account_id))

    assert statuses == [404, 404]
    assert elsewhere.post(path, {"do": "store"}).status == 404
    assert elsewhere.post(f"{path}/drop").status == 404
    assert "none of yours has this number" in said(sent)[0]
    assert "choose it" in said(chosen)[0]
    assert len(make.rows_of(BankStatement)) == 1


def test_people_without_the_permission_upload_nothing(operator: Desk) -> None:
    account()

    answer = operator.post(UPLOAD, {"file": (io.BytesIO(camt(part(today()))), "a.xml")})

    assert answer.status == 403
    assert make.rows_of(BankStatement) == []
    assert len(make.rows_of(LogEntry, action="staff.refused")) == 1
