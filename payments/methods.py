"""Setting up payment methods: adding, changing and deleting them, switching one off at a location,
and a location's default.

Whoever sets up a method is alone with it: that no name is another method's code no constraint can
say, so two who add at once must come one after the other. Payments need not wait for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, exists, insert, select, text, update

from audit.chain import Entry, Origin, Severity
from audit.recording import record
from kit.errors import Refused
from kit.ids import digest, opaque
from kit.sql import rows_of
from locations.models import Location
from partners.models import Partner
from payments.facts import Detail
from payments.method_errors import (
    MethodChangedMeanwhile,
    MethodInUse,
    MethodIsDefault,
    NoSuchMethod,
    NotALocation,
    PartnersUnknown,
)
from payments.method_rules import (
    MethodSetup,
    Other,
    default_slips,
    differences,
    kind_slips,
    problems,
    split,
)
from payments.models import (
    DefaultMethod,
    MethodAttribute,
    MethodPartner,
    MethodSwitchedOff,
    Payment,
    PaymentMethod,
)

PUBLIC_ID_LENGTH = 33
# Columns of a method that its setup says as they are.
PLAIN = tuple(each.name for each in fields(MethodSetup) if each.name not in ("details", "partners"))
# A comment is words only; what senders call a method by, or must send with it, breaks them.
MILD = {"comment"}


@dataclass(frozen=True, slots=True)
class StoredMethod:
    """A method as it stands. `off_at` and `default_of` are ids of locations; `state` changes with
    whatever of its setup does."""

    id: int
    public_id: str
    setup: MethodSetup
    off_at: frozenset[int]
    default_of: frozenset[int]

    @property
    def name(self) -> str:
        return self.setup.name

    @property
    def state(self) -> str:
        return digest(repr(sorted(self.setup.logged.items())))[:16]


def _stored() -> Any:
    method = PaymentMethod
    details = select(MethodAttribute.position, MethodAttribute.name, MethodAttribute.required)
    partners = select(MethodPartner.partner_id)
    off = select(MethodSwitchedOff.location_id)
    defaults = select(DefaultMethod.location_id)
    parts = {
        "details": details.where(MethodAttribute.method_id == method.id),
        "partners": partners.where(MethodPartner.method_id == method.id),
        "off_at": off.where(MethodSwitchedOff.method_id == method.id),
        "default_of": defaults.where(DefaultMethod.method_id == method.id),
    }
    lists = (rows_of(query.correlate(method)).label(name) for name, query in parts.items())
    columns = (getattr(method, name) for name in PLAIN)
    return select(method.id, method.public_id, *columns, *lists)


STORED = _stored().order_by(PaymentMethod.id)


def stored_methods(connection: Connection) -> list[StoredMethod]:
    """All methods, in the order they were added; there are few."""
    return [_made(row) for row in connection.execute(STORED).mappings()]


def stored_method(connection: Connection, method_id: int) -> StoredMethod | None:
    row = connection.execute(STORED.where(PaymentMethod.id == method_id)).mappings().first()
    return None if row is None else _made(row)


def is_used(connection: Connection, method_id: int) -> bool:
    """Whether payments were ever made by it."""
    query = select(exists().where(Payment.method_id == method_id))
    return bool(connection.execute(query).scalar())


def add_method(connection: Connection, setup: MethodSetup, origin: Origin, now: datetime) -> int:
    """A new method; its id. Raises what `method_rules.problems` finds, and PartnersUnknown."""
    alone(connection)
    slips = problems(setup, _others(connection, but=None))
    Refused.if_any([*slips, *_partner_slips(connection, setup.partners)])
    values = _values(setup) | {"public_id": opaque(PUBLIC_ID_LENGTH)}
    query = insert(PaymentMethod).returning(PaymentMethod.id)
    method_id = int(connection.execute(query, [values]).scalar_one())
    _write_details(connection, method_id, setup.details)
    _write_partners(connection, method_id, setup.partners)
    entry = Entry("method.added", {"method": method_id}, {}, setup.logged, severity="medium")
    record(connection, entry, origin, now)
    return method_id


def change_method(
    connection: Connection,
    method_id: int,
    setup: MethodSetup,
    origin: Origin,
    now: datetime,
    *,
    seen: str | None = None,
) -> bool:
    """Give a method another setup; whether anything changed. `seen` is the `state` that the change
    was made for.

    Raises what `method_rules.problems` finds, KindFixed, PartnersUnknown, NoSuchMethod, and
    MethodChangedMeanwhile.
    """
    alone(connection)
    was = _known(connection, method_id)
    if seen is not None and seen != was.state:
        raise MethodChangedMeanwhile(was.name)
    slips = problems(setup, _others(connection, but=method_id))
    if setup.kind != was.setup.kind:
        slips += kind_slips(was.setup.kind, setup.kind, is_used=is_used(connection, method_id))
    new_partners = setup.partners - was.setup.partners
    Refused.if_any([*slips, *_partner_slips(connection, new_partners)])
    changes = differences(was.setup, setup)
    _write(connection, method_id, setup, changes)
    _log_changes(connection, method_id, changes, origin, now)
    return bool(changes)


def delete_method(connection: Connection, method_id: int, origin: Origin, now: datetime) -> str:
    """Delete a method that no payment was ever made by; its name.

    Raises NoSuchMethod, MethodInUse and MethodIsDefault.
    """
    alone(connection)
    was = _known(connection, method_id)
    if is_used(connection, method_id):
        raise MethodInUse(was.name)
    if was.default_of:
        raise MethodIsDefault(was.name)
    for model in (MethodAttribute, MethodPartner, MethodSwitchedOff):
        connection.execute(delete(model).where(model.method_id == method_id))
    connection.execute(delete(PaymentMethod).where(PaymentMethod.id == method_id))
    about = {"method": method_id}
    entry = Entry("method.deleted", about, was.setup.logged, {}, severity="medium")
    record(connection, entry, origin, now)
    return was.name


def switch(
    connection: Connection,
    method_id: int,
    location_id: int,
    origin: Origin,
    now: datetime,
    *,
    on: bool,
) -> StoredMethod:
    """Let a location use the method, or not; the method as it was. What is so already stays, and is
    not logged. Raises NoSuchMethod and NotALocation."""
    alone(connection)
    was = _known(connection, method_id)
    if not _is_location(connection, location_id):
        raise NotALocation(location_id)
    was_on = location_id not in was.off_at
    if on == was_on:
        return was
    row = {"method_id": method_id, "location_id": location_id}
    if on:
        connection.execute(delete(MethodSwitchedOff).filter_by(**row))
    else:
        connection.execute(insert(MethodSwitchedOff), [row])
    about = {"method": method_id, "location": location_id}
    before, after = {"active_here": was_on}, {"active_here": on}
    entry = Entry("method.policy_changed", about, before, after, severity="high")
    record(connection, entry, origin, now)
    return was


def set_default(
    connection: Connection, location_id: int, method_id: int | None, origin: Origin, now: datetime
) -> None:
    """The method of a location's K-Series payments that name none; None: such are refused.

    Raises NoSuchMethod, NotALocation and DefaultNotUsable.
    """
    alone(connection)
    if not _is_location(connection, location_id):
        raise NotALocation(location_id)
    mine = DefaultMethod.location_id == location_id
    was = connection.execute(select(DefaultMethod.method_id).where(mine)).scalar()
    if method_id == was:
        return
    connection.execute(delete(DefaultMethod).where(mine))
    if method_id is not None:
        wanted = _known(connection, method_id)
        Refused.if_any(default_slips(wanted.setup, off_here=location_id in wanted.off_at))
        row = {"location_id": location_id, "method_id": method_id}
        connection.execute(insert(DefaultMethod), [row])
    before, after = {"default_method": was}, {"default_method": method_id}
    about = {"location": location_id, "method": method_id or was}
    entry = Entry("method.default_changed", about, before, after, severity="medium")
    record(connection, entry, origin, now)


def alone(connection: Connection) -> None:
    """From here to the end of the transaction nobody else sets up methods. On SQLite there is one
    writer anyway; PostgreSQL's lock lets payments, which only refer to methods, pass."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE payment_methods IN SHARE ROW EXCLUSIVE MODE"))


def _known(connection: Connection, method_id: int) -> StoredMethod:
    found = stored_method(connection, method_id)
    if found is None:
        raise NoSuchMethod(method_id)
    return found


def _made(row: RowMapping) -> StoredMethod:
    details = tuple(Detail(name, bool(needed)) for _, name, needed in sorted(row["details"]))
    ids = {
        name: frozenset(each for [each] in row[name])
        for name in ("partners", "off_at", "default_of")
    }
    plain = {name: row[name] for name in PLAIN}
    setup = MethodSetup(**plain, details=details, partners=ids["partners"])
    return StoredMethod(row["id"], row["public_id"], setup, ids["off_at"], ids["default_of"])


def _others(connection: Connection, but: int | None) -> list[Other]:
    columns = select(PaymentMethod.name, PaymentMethod.code, PaymentMethod.number)
    query = columns if but is None else columns.where(PaymentMethod.id != but)
    return [Other(*row) for row in connection.execute(query.order_by(PaymentMethod.id))]


def _partner_slips(connection: Connection, ids: Iterable[int]) -> list[PartnersUnknown]:
    """Of partners that are named anew: who has lost access may stay named."""
    wanted = sorted(ids)
    query = select(Partner.id).where(Partner.id.in_(wanted), Partner.revoked_at.is_(None))
    known = set(connection.execute(query).scalars()) if wanted else set()
    missing = [each for each in wanted if each not in known]
    return [PartnersUnknown(missing)] if missing else []


def _is_location(connection: Connection, location_id: int) -> bool:
    query = select(Location.id).where(Location.id == location_id)
    return connection.execute(query).first() is not None


def _values(setup: MethodSetup) -> dict[str, Any]:
    return {name: getattr(setup, name) for name in PLAIN}


def _write(
    connection: Connection, method_id: int, setup: MethodSetup, changes: Mapping[str, Any]
) -> None:
    """Only what changes: a name that is written anew would make payments wait."""
    values = {name: getattr(setup, name) for name in changes if name in PLAIN}
    if values:
        mine = PaymentMethod.id == method_id
        connection.execute(update(PaymentMethod).where(mine).values(values))
    if "details" in changes:
        mine = MethodAttribute.method_id == method_id
        connection.execute(delete(MethodAttribute).where(mine))
        _write_details(connection, method_id, setup.details)
    if "partners" in changes:
        connection.execute(delete(MethodPartner).where(MethodPartner.method_id == method_id))
        _write_partners(connection, method_id, setup.partners)


def _write_details(connection: Connection, method_id: int, details: Sequence[Detail]) -> None:
    rows = [
        {"method_id": method_id, "position": place, "name": each.name, "required": each.required}
        for place, each in enumerate(details, start=1)
    ]
    if rows:
        connection.execute(insert(MethodAttribute), rows)


def _write_partners(connection: Connection, method_id: int, partners: Iterable[int]) -> None:
    rows = [{"method_id": method_id, "partner_id": each} for each in sorted(partners)]
    if rows:
        connection.execute(insert(MethodPartner), rows)


def _log_changes(
    connection: Connection,
    method_id: int,
    changes: Mapping[str, tuple[Any, Any]],
    origin: Origin,
    now: datetime,
) -> None:
    """One entry for what the method is called, one for its policy."""
    words, policy = split(changes)
    mild: Severity = "low" if set(words) <= MILD else "medium"
    entries: list[tuple[str, list[str], Severity]] = [
        ("method.changed", words, mild),
        ("method.policy_changed", policy, "high"),
    ]
    for action, names, severity in entries:
        if names:
            before = {name: changes[name][0] for name in names}
            after = {name: changes[name][1] for name in names}
            entry = Entry(action, {"method": method_id}, before, after, severity=severity)
            record(connection, entry, origin, now)
