"""Noting in the event log which lists were taken away, and by whom."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from audit.chain import Entry, Origin, Severity
from audit.recording import record
from kit import clock
from kit.db import in_transaction
from office.exports.lists import Listed


def note_download(
    listed: Listed, format: str, filters: Collection[str], origin: Origin, *, by_link: bool = False
) -> None:
    """Log that somebody got a list as a file, with the names of its filters: what these say may be
    a guest's name. In a transaction of its own."""
    link: dict[str, Any] = {"by_link": True} if by_link else {}
    after = {"list": listed.name, "format": format, "filters": sorted(filters), **link}
    severity: Severity = "medium" if listed.personal else "low"
    entry = Entry("export.downloaded", {}, {}, after, severity=severity)
    in_transaction(lambda connection: record(connection, entry, origin, clock.now()))
