"""The tables that integrators read are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from payments import routes
from payments.schemas import TakePaymentForm
from tests.apidocs.conftest import table_rows

HERE = Path(__file__).parents[2]
FAULTS = ("kit", "payments", "bookings", "partners")


def word(cell: str) -> str:
    return cell.strip("`")


def test_the_documented_errors_of_the_ledger_are_those_of_its_table(ipro_page: str) -> None:
    told = ipro_page.split("What cannot be read, or not be answered:", maxsplit=1)[0]

    rows = table_rows(told, "### The table of errors")

    documented = {(word(code), int(status)) for status, code, *_ in rows}
    assert documented == {(error.code, status) for error, status in routes.STATUS.items()}
    assert all(what and to_do for _, _, what, to_do in rows)


def test_every_code_of_a_fault_in_the_code_is_documented(ipro_page: str) -> None:
    files = [path for room in FAULTS for path in (HERE / room).rglob("*.py")]
    written = re.compile(r'\b(?:Fault|fault)\(\s*"([a-z_0-9]+)"')
    used = {code for path in files for code in written.findall(path.read_text())} | {"invalid"}
    below = "\n### X\n" + ipro_page.split("What cannot be read, or not be answered:")[1]

    documented = {word(code) for _, code, *_ in table_rows(below, "### X")}

    assert len(used) > 8
    assert used <= documented


def test_the_documented_fields_are_those_of_the_form(ipro_page: str) -> None:
    fields = TakePaymentForm().fields_by_key

    rows = table_rows(ipro_page.split("### Money that came", maxsplit=1)[0], "### Fields")

    documented = {word(name): required == "yes" for name, required, _ in rows}
    assert documented == {name: field.required for name, field in fields.items()}
