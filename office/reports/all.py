"""Every report there is, by its name in addresses."""

from __future__ import annotations

from collections.abc import Mapping

from office.reports.holding import HELD_MONEY
from office.reports.lines import DUE, OVERDUE
from office.reports.payments import ATTEMPTS, BY_SOURCE, DEFERRED, MONEY
from office.reports.report import Report

REPORTS: Mapping[str, Report] = {
    report.name: report
    for report in (MONEY, BY_SOURCE, DUE, OVERDUE, DEFERRED, ATTEMPTS, HELD_MONEY)
}
