"""The list of tags: adding, changing, deleting. What is on bookings is not changed here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from tags.errors import NoSuchTag, TagInUse, TagNameTaken
from tags.models import BookingTag, Tag


@dataclass(frozen=True, slots=True)
class TagWords:
    """What a tag is called, and its colour (#rrggbb)."""

    name: str
    colour: str


def add_tag(connection: Connection, words: TagWords, origin: Origin, now: datetime) -> int:
    """A new tag; its id. Raises TagNameTaken."""
    _check_name(connection, words.name, but=None)
    values = {"name": words.name, "colour": words.colour}
    tag_id = connection.execute(insert(Tag).returning(Tag.id), [values]).scalar_one()
    record(connection, Entry("tag.added", {"tag": tag_id}, {}, values), origin, now)
    return int(tag_id)


def change_tag(
    connection: Connection, tag_id: int, words: TagWords, origin: Origin, now: datetime
) -> None:
    """Another name or colour, wherever the tag stands. Raises NoSuchTag and TagNameTaken."""
    was = _held(connection, tag_id)
    _check_name(connection, words.name, but=tag_id)
    values = {"name": words.name, "colour": words.colour}
    before = {"name": was.name, "colour": was.colour}
    if values == before:
        return
    connection.execute(update(Tag).where(Tag.id == tag_id).values(values))
    record(connection, Entry("tag.changed", {"tag": tag_id}, before, values), origin, now)


def delete_tag(connection: Connection, tag_id: int, origin: Origin, now: datetime) -> str:
    """Delete a tag that nothing needs; its name. Raises NoSuchTag and TagInUse."""
    was = _held(connection, tag_id)
    if was.role is not None:
        raise TagInUse(was.name, "the system works with it")
    used = select(func.count()).select_from(BookingTag).where(BookingTag.tag_id == tag_id)
    if count := connection.execute(used).scalar_one():
        raise TagInUse(was.name, f"{count} booking{'s carry' if count > 1 else ' carries'} it")
    connection.execute(delete(Tag).where(Tag.id == tag_id))
    before = {"name": was.name, "colour": was.colour}
    record(connection, Entry("tag.deleted", {"tag": tag_id}, before, {}), origin, now)
    return str(was.name)


def _held(connection: Connection, tag_id: int) -> Any:
    row = connection.execute(
        select(Tag.name, Tag.colour, Tag.role).where(Tag.id == tag_id).with_for_update()
    ).first()
    if row is None:
        raise NoSuchTag(tag_id)
    return row


def _check_name(connection: Connection, name: str, but: int | None) -> None:
    found = connection.execute(select(Tag.id).where(Tag.name == name)).scalar()
    if found is not None and found != but:
        raise TagNameTaken(name)
