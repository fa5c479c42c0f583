"""Rows of partners and the tokens they were given."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant


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
