"""A payment method's policy in words."""

from __future__ import annotations

from dataclasses import fields

from desk.words import _
from payments.facts import DeskMethod
from payments.method_rules import MethodSetup, default_slips
from payments.methods import StoredMethod
from payments.policies import ban


def kinds() -> dict[str, str]:
    """The kinds as people call them."""
    return {
        "cash": _("Cash"),
        "bank": _("Bank"),
        "cheque": _("Cheque"),
        "voucher": _("Voucher"),
        "credit": _("Credit"),
    }


def summary(setup: MethodSetup) -> str:
    """How it may be used, in sentences."""
    desk = (
        _("Staff may enter it by hand.") if _is_typed(setup) else _("Staff never enter it by hand.")
    )
    if not setup.from_outside:
        return f"{desk} {_('It is not accepted from outside.')}"
    outside = {
        "external": _("From outside it comes completed."),
        "on_site": _("From outside it comes not completed; staff complete it."),
        "both": _("From outside it comes completed or not."),
    }
    said = f"{desk} {outside[setup.paying]}"
    return f"{said} {_('Guests may pay by it on their page.')}" if setup.for_guests else said


def desk_text(setup: MethodSetup) -> str:
    """How it may be used at the desk."""
    if _is_typed(setup):
        return _("Entered by hand")
    if setup.from_outside and setup.paying != "external":
        return _("Never entered by hand; what comes is completed here")
    return _("Never entered by hand")


def outside_text(setup: MethodSetup) -> str:
    """Which payments are taken from outside."""
    if not setup.from_outside:
        return _("Not accepted")
    return {
        "external": _("Completed payments only"),
        "on_site": _("Payments not completed only"),
        "both": _("Completed or not"),
    }[setup.paying]


def is_lame_default(method: StoredMethod) -> bool:
    """Whether some location's tills are refused by it when they name no method."""
    return any(
        default_slips(method.setup, off_here=location_id in method.off_at)
        for location_id in method.default_of
    )


def is_unusable(setup: MethodSetup) -> bool:
    """Nobody could ever pay by it."""
    return setup.manual_prohibited and not setup.from_outside


def _is_typed(setup: MethodSetup) -> bool:
    """Whether it can be chosen at the desk, for a payment or, of a refund type, for a refund."""
    facts = {
        field.name: getattr(setup, field.name) for field in fields(DeskMethod) if field.name != "id"
    }
    return ban(DeskMethod(id=0, **facts), pays_back=setup.is_refund) is None
