"""Payments that are matched with lines of the bank, for the pages of payments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select

from payments.statements.models import STANDS, BankMatch, BankMatchLine


def line_of(payment_id: Any) -> ColumnElement[int | None]:
    """The first line that a standing match takes for this payment, as a column."""
    query = select(func.min(BankMatchLine.line_id)).select_from(BankMatch)
    query = query.join(BankMatchLine, BankMatchLine.match_id == BankMatch.id)
    mine = query.where(BankMatch.payment_id == payment_id, literal_column(STANDS))
    return mine.scalar_subquery()


def is_matched(payment_id: Any) -> ColumnElement[bool]:
    """Whether a standing match has this payment, as a column."""
    query = select(BankMatch.id)
    return query.where(BankMatch.payment_id == payment_id, literal_column(STANDS)).exists()
