"""What was done to a booking and its money, in a sentence or two for the next page."""

from __future__ import annotations

from desk.changes.foreseeing import Foreseen
from desk.words import _, day_text, money_text


def amended(done: Foreseen) -> str:
    """What an amendment means for what is to be paid."""
    said = [_("Booking %(id)s was amended.", id=done.was.booking.id), *still_due(done)]
    return " ".join(said)


def still_due(done: Foreseen) -> list[str]:
    """What more or less is due after an amendment, and what became of the credit."""
    if done.more:
        when = day_text(done.more_due_on)
        said = [_("%(sum)s more is due on %(day)s.", sum=money_text(done.more), day=when)]
    elif done.is_within:
        said = [_("Within what was prepaid: nothing more is due.")]
    elif done.less.minor > 0:
        said = [_("Nothing more is due; %(sum)s less is to be paid.", sum=money_text(done.less))]
    else:
        said = [_("Nothing more is due.")]
    if done.released.minor > 0:
        said.append(_("%(sum)s becomes credit.", sum=money_text(done.released)))
    elif done.released.minor < 0:
        said.append(_("%(sum)s of the credit is used for it.", sum=money_text(-done.released)))
    return said


def cancelled(done: Foreseen) -> str:
    """What is kept of a cancelled booking, and what is to be paid back."""
    said = [_("Booking %(id)s is cancelled.", id=done.was.booking.id)]
    if done.total[1]:
        said.append(_("%(sum)s is kept as the cancellation fee.", sum=money_text(done.total[1])))
    if done.credit[1]:
        said.append(_("%(sum)s is credit to refund.", sum=money_text(done.credit[1])))
    else:
        said.append(_("There is nothing to pay back."))
    return " ".join(said)


def reactivated(done: Foreseen) -> str:
    """What is open again of a booking that was taken up again."""
    said = [_("Booking %(id)s is reactivated.", id=done.was.booking.id)]
    if done.open[1]:
        said.append(_("%(sum)s of it is open.", sum=money_text(done.open[1])))
    else:
        said.append(_("All of it is paid."))
    return " ".join(said)
