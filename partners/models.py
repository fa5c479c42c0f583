"""Rows of partners, what they sign in with, and where they are told of what happens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    exists,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant, only


class Partner(Base):
    """An API client. Its secret is random and stored as SHA-256 only (`kit.ids.digest`)."""

    __tablename__ = "partners"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    client_id: Mapped[str] = mapped_column(String(100), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(String(500))
    may_waive_commission: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class PartnerLocation(Base):
    """A location whose bookings the partner may reach; all others do not exist for it."""

    __tablename__ = "partner_locations"
    __table_args__ = (Index("ix_partner_locations_location_id", "location_id"),)

    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"), primary_key=True)


def is_at_any_of(locations: Iterable[int]) -> ColumnElement[bool]:
    """Whether the row of partners may reach one of these locations, or more."""
    its = PartnerLocation.partner_id == Partner.id
    return exists().where(its, PartnerLocation.location_id.in_(sorted(locations)))


class AccessToken(Base):
    """A bearer token, known by its SHA-256 only. Gone when it has expired or was revoked."""

    __tablename__ = "access_tokens"
    __table_args__ = (
        CheckConstraint("expires_at > issued_at", name="lifetime"),
        Index("ix_access_tokens_partner_id", "partner_id"),
        Index("ix_access_tokens_expires_at", "expires_at"),
    )

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"))
    scopes: Mapped[str] = mapped_column(String(500))
    issued_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class Credential(Base):
    """What a partner signs in with where a format does not take our access tokens.

    `lookup` is what it is found by: the login (Spektrix), or the SHA-256 of a secret that is sent
    as it is (Brink's AccessToken, iiko's apiLogin). `sealed` is the secret of a signature, which
    must be readable again to check one.
    """

    __tablename__ = "partner_credentials"
    __table_args__ = (
        CheckConstraint("kind IN ('spektrix', 'brink', 'iiko')", name="kind"),
        CheckConstraint("(kind = 'spektrix') = (sealed IS NOT NULL)", name="sealed"),
        UniqueConstraint("kind", "lookup", name="uq_partner_credentials_lookup"),
        Index("ix_partner_credentials_partner_id", "partner_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"))
    kind: Mapped[str] = mapped_column(String(10))
    lookup: Mapped[str] = mapped_column(String(100))
    sealed: Mapped[str | None] = mapped_column(Text, info={"sealed": True})
    created_at: Mapped[datetime] = mapped_column(Instant)


class Endpoint(Base):
    """An address of a partner's that is told of what happens.

    `kind` says what it is told: `events` are ours, `kseries` the outcomes of Lightspeed's payments.
    `events` are the types wanted, with spaces between them; none = all. `sealed` is the secret that
    events are signed with, or the password that goes with `username`. A `live` one gets messages;
    one that was removed is never live again. `failing_since`: it has not answered well since then.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("kind IN ('events', 'kseries')", name="kind"),
        CheckConstraint("NOT (live AND removed_at IS NOT NULL)", name="removed"),
        CheckConstraint("(username IS NULL) = (kind = 'events' OR sealed IS NULL)", name="basic"),
        Index(
            "uq_webhook_endpoints_name",
            "partner_id",
            "kind",
            "name",
            unique=True,
            **only("removed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[str] = mapped_column(String(500), server_default="")
    username: Mapped[str | None] = mapped_column(String(100))
    sealed: Mapped[str | None] = mapped_column(Text, info={"sealed": True})
    provides_account: Mapped[bool] = mapped_column(server_default=text("false"))
    live: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    removed_at: Mapped[datetime | None] = mapped_column(Instant)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)


class WebhookCall(Base):
    """One try to tell an endpoint something: what was sent, what came back (its first 2 kB)."""

    __tablename__ = "webhook_calls"
    __table_args__ = (
        Index("ix_webhook_calls_endpoint_id", "endpoint_id", "id"),
        Index("ix_webhook_calls_message_id", "message_id"),
        Index("ix_webhook_calls_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    url: Mapped[str] = mapped_column(String(500))
    request: Mapped[str] = mapped_column(Text)
    status: Mapped[int | None]
    took_ms: Mapped[int]
    answer: Mapped[str] = mapped_column(String(2048), server_default="")
    problem: Mapped[str | None] = mapped_column(String(500))
