"""Money that a provider took for us lands on its booking; an attempt that failed is recorded.

The rules of where it lies are those of every payment (payments.standing); nothing is refused here,
for the money has moved already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from audit.chain import Entry, Origin
from payments import mails
from payments.account import Account, PaymentRow, next_payment_id
from payments.allocation import rank
from payments.deciding import category_of
from payments.gateways.gateway import Outcome
from payments.intents import Intent
from payments.models import PaymentMethod
from payments.saving import Change, Done, save
from tags.models import FAILED, IN_PROGRESS, PROCESSED, BookingTag, Tag, TagRole

SOURCES = {"pay": "guest", "charge": "desk"}
ACTIONS = {"pay": "payment.recorded", "charge": "card.charged"}


def land(
    connection: Connection, account: Account, intent: Intent, outcome: Outcome, origin: Origin
) -> Done:
    """Record the money of an intent as a cleared payment; tags and mail follow as they do when a
    sender tells of it. On a cancelled booking all of it is credit to refund."""
    standing = account.with_money(
        payment_id := next_payment_id(connection),
        intent.amount,
        rank([int(wish) for wish in intent.wishes.split(",")], None),
    )
    payment = _payment(connection, account, intent, payment_id, "cleared")
    tags = _retag(connection, account, add=PROCESSED, remove=(IN_PROGRESS, FAILED))
    category = category_of("cleared", account.standing.open, standing.open)
    row = _row(account, intent, payment, category)
    change = Change(
        standing=standing,
        cause="payment",
        status=account.confirmed(standing, account.coming),
        new_payments=(row,),
        messages=mails.receipt(account, payment, standing, account.today),
        told={"method": payment.method},
        entry=_entry(account, intent, payment, tags),
    )
    return Done(payment_id, account.booking.id, save(connection, account, change, origin))


def land_attempt(
    connection: Connection, account: Account, intent: Intent, outcome: Outcome, origin: Origin
) -> Done:
    """Record an attempt without money, with the provider's reason. A website booking in progress
    is held anew: the guest may try again."""
    payment = _payment(connection, account, intent, next_payment_id(connection), "failed")
    tags = _retag(connection, account, add=FAILED, remove=())
    row = _row(account, intent, payment, 0)
    row["failure_reason"] = (outcome.reason or outcome.decline or "declined")[:2000]
    change = Change(
        standing=account.standing,
        cause="payment",
        new_payments=(row,),
        told={"method": payment.method},
        held_anew=True,
        entry=_entry(account, intent, payment, tags),
    )
    return Done(payment.id, account.booking.id, save(connection, account, change, origin))


def _payment(
    connection: Connection, account: Account, intent: Intent, payment_id: int, state: str
) -> PaymentRow:
    query = select(PaymentMethod.name, PaymentMethod.paying)
    method = connection.execute(query.where(PaymentMethod.id == intent.method_id)).one()
    return PaymentRow(
        id=payment_id,
        state=state,
        source=SOURCES[intent.kind],
        amount=intent.amount,
        charges=0,
        tip=0,
        refund_of=None,
        partner_id=None,
        paid_on=account.today,
        settled_on=account.today if state == "cleared" else None,
        wishes=intent.wishes,
        property_id=None,
        balance_due_on=None,
        send_email=True,
        category=0,
        method_id=intent.method_id,
        method=method.name,
        paying=method.paying,
        reference=intent.code,
        gateway=intent.gateway,
    )


def _row(account: Account, intent: Intent, payment: PaymentRow, category: int) -> dict[str, Any]:
    columns = ("id", "state", "source", "amount", "charges", "tip", "refund_of", "partner_id",
               "paid_on", "settled_on", "wishes", "property_id", "balance_due_on", "send_email",
               "method_id", "reference", "gateway")  # fmt: skip
    return {
        **{name: getattr(payment, name) for name in columns},
        "category": category,
        "booking_id": account.booking.id,
        "currency": account.booking.currency,
        "person_id": intent.person_id,
        "created_at": account.now,
    }


def _entry(account: Account, intent: Intent, payment: PaymentRow, tags: dict[str, Any]) -> Entry:
    charged = intent.kind == "charge"
    about = {"payment": payment.id}
    if intent.of_payment_id is not None:
        about["card_of"] = intent.of_payment_id
    return Entry(
        ACTIONS[intent.kind],
        about,
        {},
        {
            "state": payment.state,
            "amount": payment.amount,
            "currency": account.booking.currency,
            "method": payment.method_id,
            "gateway": intent.gateway,
            **tags,
        },
        severity="high" if charged else "low",
        reason=intent.reason,
    )


def _retag(
    connection: Connection, account: Account, *, add: TagRole, remove: Sequence[TagRole]
) -> dict[str, Any]:
    """Change the tags with a role, those that the agency has; what the event log says of it."""
    gone = [account.roles[role] for role in remove if role in account.roles]
    mine = BookingTag.booking_id == account.booking.id
    if gone:
        connection.execute(delete(BookingTag).where(mine, BookingTag.tag_id.in_(gone)))
    new = None
    if add not in account.roles:
        new = connection.scalar(select(Tag.id).where(Tag.role == add))
    if new is not None:
        row = {"booking_id": account.booking.id, "tag_id": new, "added_at": account.now}
        connection.execute(insert(BookingTag), [row])
    return {"tags_added": [new] if new is not None else [], "tags_removed": gone}
