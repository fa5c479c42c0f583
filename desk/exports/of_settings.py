"""Methods, tags, partners, staff and locations as files; none of their secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from sqlalchemy.orm import Session

from desk.access import me
from desk.exports.making import Told, from_all, moment, number, text
from desk.locations.queries import locations
from desk.methods.queries import names
from desk.partners.queries import partners
from desk.staff.queries import colleagues, places
from desk.tags.queries import tags
from kit.texts import N_
from payments.methods import stored_methods
from staff.permissions import Permission


def _joined(words: Iterable[str]) -> str:
    return "; ".join(words)


def _methods(session: Session) -> Iterator[Told]:
    called = names(session)

    def named(ids: Iterable[int], known: Mapping[int, str]) -> str:
        return _joined(sorted(known[each] for each in ids if each in known))

    for method in stored_methods(session.connection()):
        setup = method.setup
        details = [f"{each.name}{' (required)' if each.required else ''}" for each in setup.details]
        yield {
            **asdict(setup),
            "method": method.id,
            "public_id": method.public_id,
            "attributes": _joined(details),
            "partners": named(setup.partners, called.partners),
            "switched_off_at": named(method.off_at, called.locations),
        }


METHODS = from_all(
    name="methods",
    title=N_("Payment methods"),
    needs=Permission.READ,
    columns=(
        number("method", "the method's id"),
        text("name", "what it is called"),
        text("code", "how partners name it: capital letters and digits"),
        text("public_id", "its id for partners, which never changes"),
        number("number", "the tills' TenderId"),
        text("kind", "cash, bank, cheque, voucher or credit"),
        text("comment", "what is sent to other systems with it"),
        text("active", "yes or no"),
        text("is_refund", "yes: for refunds only"),
        text("takes_tips", "yes or no"),
        text("manual_prohibited", "yes: never typed in at the desk"),
        text("from_outside", "yes: programs may send payments by it"),
        text("paying", "which payments they may send: external, on_site or both"),
        text("overpayment", "accept or refuse money that fits no open line"),
        text("for_guests", "yes: guests may pay by it on their page"),
        text("attributes", "the details that come with a payment by it"),
        text("partners", "the partners that may use it; empty: all"),
        text("switched_off_at", "the names of your locations that do not use it"),
    ),
    telling=_methods,
)

TAGS = from_all(
    name="tags",
    title=N_("Tags"),
    needs=Permission.READ,
    columns=(
        number("id", "the tag's id"),
        text("name", "what it is called"),
        text("colour", "its colour, #rrggbb"),
        text("role", "its meaning to the system, where it has one"),
        number("bookings", "on how many bookings it stands, at all locations"),
    ),
    telling=lambda session: map(asdict, tags(session)),
)


def _partners(session: Session) -> Iterator[Told]:
    for each in partners(session):
        yield {
            "partner": each.id,
            "name": each.name,
            "client_id": each.client_id,
            "formats": _joined(each.formats),
            "scopes": _joined(each.scopes),
            "locations": _joined(place.name for place in each.places),
            "may_waive_commission": each.may_waive_commission,
            "created_at": each.created_at,
            "active_at": each.active_at,
            "revoked_at": each.revoked_at,
        }


PARTNERS = from_all(
    name="partners",
    title=N_("Partners"),
    needs=Permission.PARTNERS,
    columns=(
        number("partner", "the partner's id"),
        text("name", "what it is called"),
        text("client_id", "what its program signs in with, beside a secret"),
        text("formats", "the formats it speaks, besides our own"),
        text("scopes", "what it may do"),
        text("locations", "the names of the locations it reaches"),
        text("may_waive_commission", "yes or no"),
        moment("created_at", "when it was added"),
        moment("active_at", "when it last changed anything"),
        moment("revoked_at", "when its access ended"),
    ),
    telling=_partners,
)


def _staff(session: Session) -> Iterator[Told]:
    called = {place.id: place.name for place in places(session, me())}
    for each in colleagues(session, me()):
        yield {
            "person": each.id,
            "email": each.email,
            "role": each.role,
            "has_password": each.has_password,
            "has_second_step": each.has_second_factor,
            "locations": _joined(sorted(called.get(id, str(id)) for id in each.locations)),
            "granted": _joined(each.more),
            "withdrawn": _joined(each.less),
            "seen_at": each.seen_at,
            "left_at": each.left_at,
        }


STAFF = from_all(
    name="staff",
    title=N_("Staff"),
    needs=Permission.STAFF,
    columns=(
        number("person", "the person's id"),
        text("email", "their e-mail address"),
        text("role", "operator, manager or administrator"),
        text("has_password", "no: they have not set one yet"),
        text("has_second_step", "yes: they sign in with a code as well"),
        text("locations", "the names of the locations they are limited to; empty: all"),
        text("granted", "permissions they have besides their role"),
        text("withdrawn", "permissions they have not in spite of their role"),
        moment("seen_at", "when they were last at the desk"),
        moment("left_at", "when their access ended"),
    ),
    telling=_staff,
)


def _locations(session: Session) -> Iterator[Told]:
    for each in locations(session):
        yield {
            **asdict(each.settings),
            "location": each.id,
            "client_name": each.client_name,
            "business_location_id": each.business_location_id,
            "default_method": each.default_name,
        }


LOCATIONS = from_all(
    name="locations",
    title=N_("Locations"),
    needs=Permission.SETTINGS,
    columns=(
        number("location", "the location's id"),
        text("name", "what it is called"),
        text("client_name", "how Spektrix's senders and files name it"),
        number("business_location_id", "how K-Series names it"),
        text("currency", "ISO 4217 code"),
        text("time_zone", "the zone its days are counted in"),
        text("mail_sender", "whom its e-mails come from"),
        text("overpayment", "accept or refuse money that fits no open line"),
        number("hold_minutes", "how long a website booking is held"),
        number("reminder_days", "how many days before an amount is due guests are reminded"),
        text("checkout_url", "the agency's own page to go on paying at"),
        text("default_method", "the method of payments from outside that name none"),
    ),
    telling=_locations,
)

OF_SETTINGS = (METHODS, TAGS, PARTNERS, STAFF, LOCATIONS)
