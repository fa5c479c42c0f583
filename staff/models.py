"""Rows of staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_security import UserMixin
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant


class Person(Base, UserMixin):
    """Somebody who signs in at the desk. `email` is lower case, and how people are called.

    Names that are not ours are Flask-Security's: `password` is an Argon2id hash, `fs_uniquifier`
    changes with it and voids all links to set it, `tf_totp_secret` is the second factor's.
    `tf_counter` is the half minute of the last code that was taken: each is taken once.
    `recovery_codes` are those left, with spaces between them. `single_keys`: the desk's one-letter
    shortcuts are on. `left_at`: since when a person has no access any more; the row stays, for the
    event log names it.
    """

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint("role IN ('operator', 'manager', 'administrator')", name="role"),
        CheckConstraint("email = lower(email)", name="email"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(13))
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    tf_totp_secret: Mapped[str | None] = mapped_column(Text, info={"sealed": True})
    tf_counter: Mapped[int | None] = mapped_column(BigInteger)
    recovery_codes: Mapped[str | None] = mapped_column(Text, info={"sealed": True})
    single_keys: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    left_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def active(self) -> bool:  # type: ignore[override]
        return self.left_at is None

    @property
    def roles(self) -> list[Any]:  # type: ignore[override]
        """Flask-Security's roles are not used: the desk asks for permissions of its own."""
        return []


class PersonPermission(Base):
    """A permission granted to a person beside the role, or withdrawn in spite of it."""

    __tablename__ = "staff_permissions"

    person_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    permission: Mapped[str] = mapped_column(String(20), primary_key=True)
    granted: Mapped[bool]


class PersonLocation(Base):
    """A location a person is limited to. A person without any reaches all of them."""

    __tablename__ = "staff_locations"
    __table_args__ = (Index("ix_staff_locations_location_id", "location_id"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"), primary_key=True)


class DeskSession(Base):
    """A sign-in at the desk, from one browser. The cookie holds a token whose SHA-256 this is; a
    session that has ended, here or by time, is worth nothing, whoever holds the cookie."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index("ix_staff_sessions_person_id", "person_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str | None] = mapped_column(String(45))
    browser: Mapped[str] = mapped_column(String(200), server_default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class AnsweredForm(Base):
    """A form of the desk that was carried out: sent once more, it leads where it led the first
    time and does nothing. `fingerprint` is the SHA-256 of what it said, passwords left out."""

    __tablename__ = "staff_forms"
    __table_args__ = (Index("ix_staff_forms_created_at", "created_at"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    led_to: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Attempts(Base):
    """Attempts to sign in, or requests for a link, in a row for one address (staff.attempts). `key`
    is a hash of the address, which may be nobody's, and of the network or the time: an address that
    is somebody's is treated no differently, so nobody learns by trying who works here."""

    __tablename__ = "staff_attempts"
    __table_args__ = (Index("ix_staff_attempts_last_at", "last_at"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    in_a_row: Mapped[int]
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
