"""What changing a booking at the desk is refused for, beside the rules of bookings."""

from __future__ import annotations

from kit.errors import PageError


class NothingToChange(PageError):
    """An amendment without any difference would only be noise in the log, and to partners."""

    code = "nothing_to_change"

    def __init__(self) -> None:
        super().__init__("Nothing is different from what is stored, so nothing was done.")


class FieldChangedMeanwhile(PageError):
    """Two people changed the same field of a guest or a note."""

    code = "field_changed_meanwhile"

    def __init__(self, field: str, stored: str) -> None:
        self.field = field
        is_now = f"it is now “{stored}”" if stored else "it is empty now"
        super().__init__(
            f"Somebody changed this after the page was made: {is_now}. Send the form once more if "
            "yours is right."
        )


class NobodyLeft(PageError):
    """A booking is always of somebody."""

    code = "nobody_left"
    field = "last_name"

    def __init__(self) -> None:
        super().__init__("A booking needs a name or an e-mail of its guest.")


class FeeDecimals(PageError):
    code = "fee_decimals"
    field = "fee"

    def __init__(self, came: str, currency: str) -> None:
        super().__init__(f"{came} has more decimals than {currency} has.")
