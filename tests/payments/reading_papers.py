"""Reading PDFs as people, and screen readers, do."""

from __future__ import annotations

import io
from typing import Any

from pypdf import PdfReader


def reader(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content), strict=True)


def text_of(content: bytes) -> str:
    """All its text, page by page; what holds words together as plain spaces."""
    pages = (page.extract_text() for page in reader(content).pages)
    return "\n".join(pages).replace("\xa0", " ").replace("\u202f", " ")


def lines_of(content: bytes) -> list[str]:
    return text_of(content).splitlines()


def structure(content: bytes) -> list[tuple[str, str | None]]:
    """The kinds of its elements in the order of reading, and what is said instead of them."""
    root: Any = reader(content).trailer["/Root"]
    [document] = root["/StructTreeRoot"]["/K"]
    return [(each["/S"], each.get("/Alt")) for each in (one.get_object() for one in document["/K"])]
