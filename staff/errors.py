"""What staff are refused."""

from __future__ import annotations

from kit.errors import PageError


class StaffError(PageError):
    """Base of what people at the desk are refused for, beside the rules of money."""


class NotAllowed(StaffError):
    """The person lacks the permission; who asked for it and for what is in the event log."""

    code = "not_allowed"

    def __init__(self, permission: str, meaning: str) -> None:
        self.permission = permission
        super().__init__(f"This needs the permission “{meaning}”, which you do not have.")


class ChangedMeanwhile(StaffError):
    """Somebody changed the booking after the page was made that this form stood on."""

    code = "changed_meanwhile"

    def __init__(self, booking_id: int) -> None:
        super().__init__(
            f"Booking {booking_id} was changed after this page was made, so nothing was done. "
            "What you see now is how it stands; look again, and send the form once more if it is "
            "still right."
        )


class FormReused(StaffError):
    """A form that was carried out came back with other contents."""

    code = "form_reused"

    def __init__(self) -> None:
        super().__init__(
            "This form was carried out already, with other contents; open the page anew."
        )


class EmailTaken(StaffError):
    code = "email_taken"
    field = "email"

    def __init__(self, email: str) -> None:
        super().__init__(f"There is somebody with the address {email} already.")


class LocationUnknown(StaffError):
    code = "staff_location_unknown"
    field = "locations"

    def __init__(self, location_id: int) -> None:
        super().__init__(f"There is no location {location_id}.")


class PasswordRefused(StaffError):
    """A new password that is too easy to guess."""

    code = "password_refused"
    field = "password"


class LinkWorthless(StaffError):
    """A link to set a password that has expired, was used, or never was one."""

    code = "link_worthless"

    def __init__(self) -> None:
        super().__init__("This link was used already, or is too old. Ask for a new one.")


class WrongPassword(StaffError):
    """The present password, asked for before something is changed about one's own account."""

    code = "wrong_password"
    field = "password"

    def __init__(self) -> None:
        super().__init__("This is not your present password.")


class WrongCode(StaffError):
    code = "wrong_code"
    field = "code"

    def __init__(self) -> None:
        super().__init__("This code is not right, or was used already. Take the next one.")


class NobodyThere(StaffError):
    """Nobody of that number, or out of the reach of who asks."""

    code = "nobody_there"

    def __init__(self, person_id: int) -> None:
        super().__init__(f"There is nobody of the number {person_id}.")


class BeyondOwn(StaffError):
    """Somebody would give, or take from, another person more than they have themselves."""

    code = "beyond_own"

    def __init__(self, what: str) -> None:
        super().__init__(f"You cannot decide about more than you have yourself: {what}.")


class OwnAccess(StaffError):
    """Somebody would lock themselves out."""

    code = "own_access"

    def __init__(self) -> None:
        super().__init__(
            "Nobody takes away their own access to this page; ask another administrator."
        )


class LastAdministrator(StaffError):
    code = "last_administrator"

    def __init__(self) -> None:
        super().__init__(
            "This is the last one who has every permission at all locations; what they give up "
            "nobody could grant again. Give all of it to somebody else first."
        )


class SessionOver(StaffError):
    """The sign-in was ended while the request was under way."""

    code = "session_over"

    def __init__(self) -> None:
        super().__init__("This session was ended meanwhile; sign in again.")


class PasswordsDiffer(StaffError):
    code = "passwords_differ"
    field = "again"

    def __init__(self) -> None:
        super().__init__("The two passwords are not the same.")
