"""The house format of bookings as requests: form fields to commands (formats/ipro.md section 7).

Clients send every field they know, mostly empty; an empty field, guest or extra is an absent one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import marshmallow as ma
from marshmallow import post_load, validates_schema

from bookings import describing_fields as describing
from bookings.commands import (
    AmendBooking,
    CancelBooking,
    CreateBooking,
    ExtraWish,
    GuestWish,
    Paying,
    StayWish,
)
from bookings.schemas import Moment
from kit.fields import Amount, Choice, Day, Email, Fault, Flag, Numbers, PlainText, WholeNumber
from kit.form import Form
from kit.nested import Loaded, Part, Parts
from payments.forms import CardFields

MOST_STAYS, MOST_GUESTS, MOST_EXTRAS = 20, 50, 50
LONGEST_STAY = 366
MOST_PEOPLE, MOST_QUANTITY, OLDEST = 999, 999, 150
BREAKAGES = {"none": "none", "insurance": "insurance", "breakagedeposit": "deposit",
             "breakagesdeposit": "deposit"}  # fmt: skip
OWNERS = {"1": True, "true": True, "0": False, "false": False}


class Count(WholeNumber):
    """A small whole number."""

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.most = most
        self.hint = f"a whole number of at most {most}"

    def read(self, text: str) -> int:
        found = super().read(text)
        if found > self.most:
            raise self.wrong(text)
        return found


class GuestForm(Form):
    """Somebody who stays."""

    described = describing.GUEST
    name = PlainText(data_key="Name", most=100, required=True)
    age = Count(data_key="Age", most=OLDEST)
    passport = PlainText(data_key="Passport", most=50, secret=True)

    @post_load
    def wish(self, values: dict[str, Any], **_: Any) -> GuestWish:
        return GuestWish(**values)


class ExtraForm(Form):
    """An extra, and how many of it; none takes it out."""

    described = describing.EXTRA
    extra = WholeNumber(data_key="Id", required=True)
    quantity = Count(data_key="Qty", most=MOST_QUANTITY)

    @post_load
    def wish(self, values: dict[str, Any], **_: Any) -> ExtraWish:
        return ExtraWish(**values)


class StayForm(Form):
    """One property of a booking."""

    described = describing.STAY
    property = WholeNumber(data_key="Id", required=True)
    arrives_on = Day(data_key="Checkin", required=True)
    leaves_on = Day(data_key="Checkout", required=True)
    lead_name = PlainText(data_key="LeadGuestName", most=100)
    lead_age = Count(data_key="LeadGuestAge", most=OLDEST)
    lead_passport = PlainText(data_key="LeadGuestPassport", most=50, secret=True)
    adults = Count(data_key="Adults", most=MOST_PEOPLE)
    children = Count(data_key="Children", most=MOST_PEOPLE)
    infants = Count(data_key="Infants", most=MOST_PEOPLE)
    pets = Count(data_key="Pets", most=MOST_PEOPLE)
    breakages = Choice(BREAKAGES, data_key="InsuranceBreakages")
    commission_type = Choice({str(n): n for n in range(1, 6)}, data_key="CommissionType")
    voucher = PlainText(data_key="VoucherCode", most=50)
    accommodation = Amount(data_key="AccommodationCost")
    owner_amount = Amount(data_key="OwnerAmount")
    guest_notes = PlainText(data_key="GuestNotes", most=2000, lines=True)
    guests = Parts(GuestForm, data_key="Guests", most=MOST_GUESTS)
    extras = Parts(ExtraForm, data_key="Extras", most=MOST_EXTRAS)

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def check_together(self, values: Mapping[str, Any], came: Mapping[str, Any], **_: Any) -> None:
        wrong: dict[str, list[Fault]] = {}
        first, last = values.get("arrives_on"), values.get("leaves_on")
        if first and last and not 1 <= (last - first).days <= LONGEST_STAY:
            text = (
                f"Checkout is {last}; it must be after Checkin ({first}), and at most "
                f"{LONGEST_STAY} nights later."
            )
            wrong["Checkout"] = [Fault("dates", text)]
        if "LeadGuestName" not in came and {"lead_age", "lead_passport"} & values.keys():
            wrong["LeadGuestName"] = [Fault("required", "LeadGuestName is missing.")]
        ids = [extra.extra for extra in values.get("extras", ())]
        if len(set(ids)) < len(ids):
            wrong["Extras"] = [Fault("repeated", "Extras names one extra twice; give its Qty.")]
        if wrong:
            raise ma.ValidationError(wrong)

    @post_load
    def wish(self, values: dict[str, Any], **_: Any) -> tuple[StayWish, str]:
        """The stay, and what the guest wrote beside it."""
        notes = values.pop("guest_notes", "")
        lead = {n: values.pop(f"lead_{n}", None) for n in ("name", "age", "passport")}
        if lead["name"] is not None:
            values["lead"] = GuestWish(**lead)
        if extras := values.get("extras"):
            values["extras"] = _numbered(extras, extras.indexes)
        return StayWish(**values), notes


Wish = TypeVar("Wish", StayWish, ExtraWish)


def _numbered(wishes: Iterable[Wish], indexes: tuple[int, ...]) -> tuple[Wish, ...]:
    """The wishes, each with the number it came under: there may be gaps, and errors name it so."""
    return tuple(replace(wish, at=at) for wish, at in zip(wishes, indexes, strict=True))


class ContactForm(Form):
    """The guest who books: known already (ContactId), or to be made of these fields."""

    described = describing.CONTACT
    contact_id = WholeNumber(data_key="ContactId")
    title = PlainText(data_key="Title", most=20)
    first_name = PlainText(data_key="FirstName", most=100)
    last_name = PlainText(data_key="LastName", most=100)
    email = Email(data_key="Email")
    other_email = Email(data_key="Email1")
    telephone = PlainText(data_key="Telephone", most=40)
    mobile = PlainText(data_key="Mobile", most=40)
    address1 = PlainText(data_key="Address1", most=100)
    address2 = PlainText(data_key="Address2", most=100)
    city = PlainText(data_key="City", most=60)
    county = PlainText(data_key="County", most=60)
    postcode = PlainText(data_key="Postcode", most=20)
    country = PlainText(data_key="Country", most=60)
    source = PlainText(data_key="Source", most=100)

    @post_load
    def columns(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        other = values.pop("other_email", None)
        return {"email": other, **values} if other else values


class NotesForm(Form):
    """The three kinds of notes on a booking."""

    guest_notes = PlainText(data_key="GuestNotes", most=2000, lines=True)
    housekeeper_notes = PlainText(data_key="HouseKeeperNotes", most=2000, lines=True)
    internal_notes = PlainText(data_key="InternalNotes", most=2000, lines=True)


NOTES = ("guest_notes", "housekeeper_notes", "internal_notes")


class CreateForm(CardFields, NotesForm):
    """The body, or the query, of POST /apis/booking."""

    described = describing.CREATING
    brand_id = WholeNumber(data_key="BrandId")
    tags = Numbers(data_key="BookingTagIds")
    source = PlainText(data_key="Source", most=100)
    send_email = Flag(data_key="SendEmail")
    paid = Amount(data_key="PaidAmount")
    balance_due_on = Day(data_key="BalanceDueDate")
    method = PlainText(data_key="PaymentMethod", most=100)
    reference = PlainText(data_key="Reference", most=50)
    external_reference = PlainText(data_key="ExternalReservationID", most=100)
    is_owners = Choice(OWNERS, data_key="OwnerBooking")
    contact = Part(ContactForm, data_key="Contact")
    stays = Parts(StayForm, data_key="Properties", most=MOST_STAYS, required=True)

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def check_payment(self, values: Mapping[str, Any], came: Mapping[str, Any], **_: Any) -> None:
        wrong: dict[str, list[Fault]] = {}
        pays = bool(values.get("paid"))
        unreadable = "PaidAmount" in came and "paid" not in values
        if pays and "PaymentMethod" not in came:
            wrong["PaymentMethod"] = [
                Fault("required", "PaymentMethod is missing; a PaidAmount needs one.")
            ]
        if not (pays or unreadable) and {"token", "vps_tx_id"} & values.keys():
            text = "A card comes with a payment; give the PaidAmount it belongs to."
            wrong["PaidAmount"] = [Fault("required", text)]
        if values.get("is_owners") and pays:
            text = "An owner's booking takes no money; leave the payment out."
            wrong["OwnerBooking"] = wrong["PaidAmount"] = [Fault("contradiction", text)]
        # A contact that came and cannot be read says itself what is wrong with it.
        contact = values.get("contact", {"email": ""} if "Contact" in came else {})
        if not values.get("is_owners") and not _names_somebody(contact):
            text = "Contact.LastName is missing; a booking needs a name, an e-mail or a ContactId."
            wrong["Contact.LastName"] = [Fault("required", text)]
        if wrong:
            raise ma.ValidationError(wrong)

    @post_load
    def command(self, values: dict[str, Any], **_: Any) -> CreateBooking:
        card, deferred = self.take_card(values), values.pop("deferred", False)
        paid, method = values.pop("paid", None), values.pop("method", "")
        reference, contact = values.pop("reference", None), values.pop("contact", {})
        stays = values.pop("stays")
        due_on = values.pop("balance_due_on", None)
        paying = Paying(amount=paid, method=method, deferred=deferred, card=card,
                        reference=reference, balance_due_on=due_on) if paid else None  # fmt: skip
        values["guest_notes"] = _joined(values.get("guest_notes", ""), stays)
        return CreateBooking(
            stays=_wishes(stays),
            contact_id=contact.pop("contact_id", None),
            contact=contact,
            paying=paying,
            **values,
        )


def _names_somebody(contact: Mapping[str, Any]) -> bool:
    return bool({"contact_id", "first_name", "last_name", "email"} & contact.keys())


def _wishes(stays: Loaded) -> tuple[StayWish, ...]:
    """The stays without the notes beside them."""
    return _numbered((stay for stay, _ in stays), stays.indexes)


def _joined(notes: str, stays: Loaded) -> str:
    """The booking's notes, and under them those that came with its properties."""
    return "\n".join(filter(None, [notes, *(note for _, note in stays)]))


class AmendForm(NotesForm):
    """The body of POST /apis/booking/amend: fields as for creating, and why."""

    described = describing.AMENDING
    booking_id = WholeNumber(data_key="BookingId", required=True)
    reason = PlainText(data_key="Reason", most=500)
    contact = Part(ContactForm, data_key="Contact")
    stays = Parts(StayForm, data_key="Properties", most=MOST_STAYS)

    @post_load
    def command(self, values: dict[str, Any], **_: Any) -> AmendBooking:
        stays, contact = values.pop("stays", Loaded()), values.pop("contact", {})
        contact.pop("contact_id", None)  # whose booking it is does not change
        notes = {name: values.pop(name) for name in NOTES if name in values}
        if joined := _joined(notes.get("guest_notes", ""), stays):
            notes["guest_notes"] = joined
        return AmendBooking(stays=_wishes(stays), contact=contact, notes=notes, **values)


class CalcForm(Form):
    """The body of POST /apis/booking/calc."""

    described = describing.CALCULATING
    brand_id = WholeNumber(data_key="BrandId")
    stays = Parts(StayForm, data_key="Properties", most=MOST_STAYS, required=True)

    @post_load
    def wishes(self, values: dict[str, Any], **_: Any) -> tuple[tuple[StayWish, ...], int | None]:
        return _wishes(values["stays"]), values.get("brand_id")


class UpdateForm(NotesForm):
    """The body, or the query, of POST /apis/booking/update."""

    described = describing.UPDATING
    booking_id = WholeNumber(data_key="BookingId", required=True)

    @post_load
    def notes(self, values: dict[str, Any], **_: Any) -> tuple[int, dict[str, str]]:
        return values.pop("booking_id"), values


class CancelForm(Form):
    """What cancelling needs, in the query or the body."""

    described = describing.CANCELLING
    booking_id = WholeNumber(data_key="BookingId", required=True)
    reason = PlainText(data_key="Reason", most=500)
    send_email = Flag(data_key="SendEmail")

    @post_load
    def command(self, values: dict[str, Any], **_: Any) -> CancelBooking:
        return CancelBooking(**values)


class ReactivateForm(Form):
    """What reactivating needs, in the query or the body."""

    described = describing.REACTIVATING
    booking_id = WholeNumber(data_key="BookingId", required=True)
    reason = PlainText(data_key="Reason", most=500)


class EnquiryForm(Form):
    """The body of POST /apis/enquiry."""

    described = describing.ENQUIRING
    aliases: ClassVar[Mapping[str, str]] = {"telephone": "phone"}
    first_name = PlainText(data_key="firstname", most=100)
    last_name = PlainText(data_key="lastname", most=100)
    email = Email(data_key="email")
    mobile = PlainText(data_key="mobile", most=40)
    telephone = PlainText(data_key="phone", most=40)
    property_ids = Numbers(data_key="propertyids")
    brand_id = WholeNumber(data_key="BrandId")
    arrives_on = Day(data_key="startdate")
    leaves_on = Day(data_key="enddate")
    nights = Count(data_key="days", most=LONGEST_STAY)
    budget = Amount(data_key="budget")
    currency = PlainText(data_key="currency", most=10)
    adults = Count(data_key="adults", most=MOST_PEOPLE)
    children = Count(data_key="children", most=MOST_PEOPLE)
    source = PlainText(data_key="source", most=100)
    comments = PlainText(data_key="comments", most=5000, lines=True)
    asked_at = Moment(data_key="createdate")

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def check_together(self, values: Mapping[str, Any], came: Mapping[str, Any], **_: Any) -> None:
        wrong: dict[str, list[Fault]] = {}
        first, last = values.get("arrives_on"), values.get("leaves_on")
        if first and last and last <= first:
            text = f"enddate is {last}; it must be after startdate ({first})."
            wrong["enddate"] = [Fault("dates", text)]
        if not {"email", "mobile", "phone"} & came.keys():
            text = "email is missing; an enquiry needs an e-mail or a number to answer to."
            wrong["email"] = [Fault("required", text)]
        if wrong:
            raise ma.ValidationError(wrong)
