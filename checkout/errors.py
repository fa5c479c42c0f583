"""What only guests can be refused on their page."""

from __future__ import annotations

from kit.errors import PageError


class TooManyTries(PageError):
    """A link is no place to find out which of many cards works."""

    code = "too_many_tries"

    def __init__(self) -> None:
        super().__init__("Somebody has tried to pay for this booking very often. Try again later.")


class PapersBusy(PageError):
    """Others are having papers drawn, and no thread is kept waiting for them."""

    code = "papers_busy"

    def __init__(self) -> None:
        super().__init__("Several papers are being drawn just now. Try again in a moment.")
