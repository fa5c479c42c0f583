"""What setting up a bank account is refused for, at the field that is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import PageError
from staff.errors import ChangedMeanwhile


class AccountError(PageError):
    """Base of these."""


class AccountUnknown(AccountError):
    """There is none, or it is out of the person's reach."""

    code = "bank_account_unknown"
    field = "account"

    def __init__(self, account_id: int) -> None:
        super().__init__(f"There is no bank account {account_id}.")


class AccountNameTaken(AccountError):
    code = "bank_account_name_taken"
    field = "name"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a bank account “{name}” already.")


class AccountNumberTaken(AccountError):
    code = "bank_account_number_taken"
    field = "number"

    def __init__(self, number: str) -> None:
        super().__init__(f"There is a bank account with the number {number} already.")


class AccountNumberWrong(AccountError):
    code = "bank_account_number_wrong"
    field = "number"

    def __init__(self, number: str) -> None:
        super().__init__(
            f"“{number}” cannot be right: it must be an IBAN whose check digits fit, or the number "
            "that the bank calls the account by, 4 to 50 letters and digits."
        )


class AccountFixed(AccountError):
    """What was read belongs to that number, in that currency, and to people of that location."""

    code = "bank_account_fixed"

    def __init__(self, field: str) -> None:
        self.field = field
        what = {"location_id": "location"}.get(field, field)
        super().__init__(
            f"The {what} stays, since statements of this account were stored. Add another account "
            "instead."
        )


class LocationOutOfReach(AccountError):
    code = "bank_account_location_out_of_reach"
    field = "location_id"

    def __init__(self, location_id: int | None) -> None:
        said = (
            "An account of all locations is for people who work at all of them; choose a location "
            "of yours."
            if location_id is None
            else f"There is no location {location_id}; choose one of yours."
        )
        super().__init__(said)


class NotTheCurrencyThere(AccountError):
    code = "bank_account_currency"
    field = "currency"

    def __init__(self, currency: str, location: str, right: str) -> None:
        super().__init__(
            f"Bookings of “{location}” are in {right}, so money in {currency} could be none of "
            "theirs."
        )


class MethodNotOfBank(AccountError):
    code = "bank_account_method"
    field = "method_id"

    def __init__(self, usable: Sequence[str]) -> None:
        named = ", ".join(f"“{name}”" for name in usable)
        super().__init__(
            "The method must be an active one of kind bank that may be typed in at the desk"
            + (f": {named}." if named else "; there is none, so add one first.")
        )


class AccountChangedMeanwhile(ChangedMeanwhile):
    """Somebody changed the account after the page was made that this form stood on."""

    code = "bank_account_changed_meanwhile"

    def __init__(self, name: str) -> None:
        PageError.__init__(
            self,
            f"The account “{name}” was changed after this page was made, so nothing was done. "
            "What you see now is how it stands; make your change once more if it is still right.",
        )
