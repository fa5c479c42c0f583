"""What tests of partners at the desk look at."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import text

from audit.models import LogEntry
from kit.db import Base, reading
from tests import make
from tests.desk.people import Page

LIST = "/desk/partners/"


def logged(action: str) -> list[dict[str, Any]]:
    return [orjson.loads(row.body)["entry"] for row in make.rows_of(LogEntry, action=action)]


def secrets_of(page: Page) -> dict[str, str]:
    """What a page shows once, by its words."""
    labels = [each.text_content().strip() for each in page.root.cssselect("main label")]
    return dict(
        zip(labels, [e.get("value") for e in page.root.cssselect(".dk-secret")], strict=True)
    )


def everything_stored() -> str:
    """Every row of every table, as text."""
    found = []
    with reading() as session:
        for table in Base.metadata.sorted_tables:
            found += [str(row) for row in session.execute(text(f"SELECT * FROM {table.name}"))]
    return "\n".join(found)
