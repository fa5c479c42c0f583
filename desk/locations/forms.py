"""The settings of a location as they are typed in."""

from __future__ import annotations

from desk.typed import Count, TypedForm
from kit.errors import PageError
from kit.fields import Choice, Email, PlainText
from staff.errors import ChangedMeanwhile

LONGEST_HOLD = 30 * 24 * 60
MOST_ID = 2**53


class LocationForm(TypedForm):
    """The settings, and the id of the method that tills mean when they name none."""

    name = PlainText(data_key="Name", most=100, required=True)
    mail_sender = Email(data_key="Sender of e-mails", required=True)
    time_zone = PlainText(data_key="Time zone", most=50, required=True)
    currency = PlainText(
        data_key="Currency", most=3, pattern="[A-Z]{3}", hint="a code such as EUR", required=True
    )
    overpayment = Choice(
        {"accept": "accept", "refuse": "refuse"}, data_key="Overpayment", required=True
    )
    hold_minutes = Count(data_key="Minutes", least=1, most=LONGEST_HOLD, required=True)
    reminder_days = Count(data_key="Days", least=0, most=365, required=True)
    checkout_url = PlainText(data_key="Address", most=250, load_default=None)
    default_method = Count(data_key="Method", least=1, most=MOST_ID, load_default=None)


class LocationChangedMeanwhile(ChangedMeanwhile):
    """Somebody changed the settings after the page was made that this form stood on."""

    code = "location_changed_meanwhile"

    def __init__(self, name: str) -> None:
        PageError.__init__(
            self,
            f"The settings of “{name}” were changed after this page was made, so nothing was done. "
            "What you see now is how they stand; make your change once more if it is still right.",
        )
