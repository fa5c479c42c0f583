"""What setting up a payment method is refused for, at the field that is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import PageError
from staff.errors import ChangedMeanwhile, NotAllowed


class MethodError(PageError):
    """Base of what is refused about payment methods."""


class NoSuchMethod(MethodError):
    code = "no_such_method"

    def __init__(self, method_id: int) -> None:
        super().__init__(f"There is no payment method {method_id}.")


class MethodNameTaken(MethodError):
    """Names and codes are one name space: a sender may write either."""

    code = "method_name_taken"

    def __init__(self, field: str, word: str, owner: str) -> None:
        self.field = field
        super().__init__(
            f"“{word}” is the name or code of the method “{owner}” already; a word must mean one "
            "method only."
        )


class MethodNumberTaken(MethodError):
    code = "method_number_taken"
    field = "number"

    def __init__(self, number: int, owner: str) -> None:
        super().__init__(f"{number} is the number of the method “{owner}” already.")


class CodeMissing(MethodError):
    code = "code_missing"
    field = "code"

    def __init__(self) -> None:
        super().__init__(
            "A method that is accepted from outside needs a code: other systems call it by that."
        )


class CodeMalformed(MethodError):
    code = "code_malformed"
    field = "code"

    def __init__(self, came: str) -> None:
        close = "".join(each for each in came.upper() if each.isascii() and each.isalnum())
        rather = f", such as {close}" if close else ""
        super().__init__(
            f"“{came}” cannot be a code: it must be capital letters A to Z and digits{rather}."
        )


class CashIsManual(MethodError):
    code = "cash_is_manual"
    field = "manual_prohibited"

    def __init__(self) -> None:
        super().__init__("Cash is taken by hand, so it can always be entered at the desk.")


class KindNotFromOutside(MethodError):
    code = "kind_not_from_outside"
    field = "from_outside"

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"Only cash and bank methods can be accepted from outside; this one is of kind {kind}."
        )


class PayingNeedsOutside(MethodError):
    code = "paying_needs_outside"
    field = "paying"

    def __init__(self) -> None:
        super().__init__(
            "This can be chosen only for a method that is accepted from outside; for others it "
            "stays at “completed at the desk”."
        )


class NotForGuests(MethodError):
    code = "method_not_for_guests"
    field = "for_guests"

    def __init__(self, why: str) -> None:
        super().__init__(f"Guests cannot pay by this method on their page: {why}.")


class DetailRepeated(MethodError):
    code = "attribute_repeated"
    field = "details"

    def __init__(self, name: str) -> None:
        super().__init__(f"Two attributes are called “{name}”; each needs a name of its own.")


class KindFixed(MethodError):
    code = "kind_fixed"
    field = "kind"

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"The kind stays {kind}, since payments were made by this method. Add another method."
        )


class PartnersUnknown(MethodError):
    code = "method_partners_unknown"
    field = "partners"

    def __init__(self, ids: Sequence[int]) -> None:
        listed = ", ".join(map(str, ids))
        super().__init__(f"There is no partner {listed}, or it has no access any more.")


class MethodInUse(MethodError):
    """Payments were made by it: it is switched off, never deleted."""

    code = "method_in_use"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"“{name}” cannot be deleted: payments were made by it. Switch it off instead."
        )


class MethodIsDefault(MethodError):
    code = "method_is_default"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"“{name}” cannot be deleted: it is the default of a location. Choose another default "
            "there first."
        )


class NotALocation(MethodError):
    code = "method_location_unknown"

    def __init__(self, location_id: int) -> None:
        super().__init__(f"There is no location {location_id}.")


class DefaultNotUsable(MethodError):
    code = "default_not_usable"
    field = "default_method"

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"“{name}” cannot be the default: {why}.")


class PolicyIsForAll(NotAllowed):
    """A method is one for the whole agency; whoever is limited to locations may switch it off for
    those only."""

    code = "policy_is_for_all"

    def __init__(self) -> None:
        self.permission = "methods"
        PageError.__init__(
            self,
            "Payment methods are the same for all locations, and you work at some of them: you can "
            "switch a method off there, but not change it for everybody.",
        )


class MethodChangedMeanwhile(ChangedMeanwhile):
    """Somebody changed the method after the page was made that this form stood on."""

    code = "method_changed_meanwhile"

    def __init__(self, name: str) -> None:
        PageError.__init__(
            self,
            f"“{name}” was changed after this page was made, so nothing was done. What you see now "
            "is how it stands; make your change once more if it is still right.",
        )
