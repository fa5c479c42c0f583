"""Files of lists in tests: asked for as a browser does, written as the worker does, read again."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl

from desk.exports.working import write_exports
from tests.desk.people import Desk, Page

HERE = "/desk/exports/"


def rows(page: Page) -> list[dict[str, str]]:
    """The rows of a CSV file by the names of its columns."""
    assert page.status == 200, page.answer.text[:300]
    text = page.answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def of(desk: Desk, name: str, query: str = "") -> list[dict[str, str]]:
    """The rows of a list that is sent at once."""
    return rows(desk.get(f"{HERE}{name}.csv?{query}"))


def workbook(page: Page) -> list[dict[str, Any]]:
    """The rows of an XLSX file."""
    sheet: Any = openpyxl.load_workbook(io.BytesIO(page.answer.data)).active
    names, *lines = sheet.values
    return [dict(zip(names, line, strict=True)) for line in lines]


def asked(desk: Desk, name: str = "payments.csv", **filters: str) -> Page:
    """Have a file written, as the page of a long list does."""
    return desk.post(f"{HERE}{name}", filters)


def link(desk: Desk) -> str:
    """The path of the link to the file that is ready, the latest first."""
    page = desk.get(HERE)
    [found, *_] = [a.get("href") for a in page.root.cssselect("a[id^='get-']")]
    return str(found).replace("http://localhost", "")


def written(desk: Desk, name: str = "payments.csv", **filters: str) -> str:
    """Have a file written; the path of its link."""
    assert asked(desk, name, **filters).leads_to == HERE
    assert write_exports("a test") == 1
    return link(desk)
