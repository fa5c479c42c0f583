"""Transactions that somebody else was faster than are run anew, and no others are."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from kit.db import in_transaction, transaction
from tags.models import Tag
from tests import make

ONLY_POSTGRES = pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)


def tag(connection: Connection, id: int, name: str = "") -> None:
    connection.execute(insert(Tag), [{"id": id, "name": name or f"Tag {id}", "colour": "#000"}])


def tags() -> list[int]:
    with transaction() as connection:
        return list(connection.scalars(select(Tag.id).order_by(Tag.id)))


@pytest.mark.usefixtures("app")
def test_a_lost_race_for_a_unique_key_is_run_once_more_from_the_start() -> None:
    make.tag(1, "Taken")
    names = ["Taken", "Free"]

    def work(connection: Connection) -> str:
        tag(connection, 10 + len(names))  # rolled back with the run that fails
        name = names.pop(0)
        tag(connection, 2, name)
        return name

    assert in_transaction(work) == "Free"
    assert tags() == [1, 2, 11]


@pytest.mark.usefixtures("app")
def test_a_race_lost_again_and_again_is_an_error() -> None:
    make.tag(1, "Taken")
    runs = []

    def work(connection: Connection) -> None:
        runs.append(connection)
        tag(connection, 2, "Taken")

    with pytest.raises(IntegrityError):
        in_transaction(work)
    assert len(runs) == 3


@ONLY_POSTGRES
def test_of_two_that_wait_for_each_other_one_is_run_once_more_from_the_start(app: Flask) -> None:
    make.tag(1, "One")
    make.tag(2, "Two")
    meet, runs = threading.Barrier(2), []

    def rename(first: int, second: int) -> None:
        def work(connection: Connection) -> None:
            runs.append(first)
            connection.execute(update(Tag).where(Tag.id == first).values(colour="#111"))
            if len(runs) <= 2:
                meet.wait(timeout=10)
            connection.execute(update(Tag).where(Tag.id == second).values(colour="#222"))

        with app.app_context():
            in_transaction(work)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(rename, 1, 2), pool.submit(rename, 2, 1)]:
            done.result(timeout=15)

    assert len(runs) == 3


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("error", [ValueError(), DBAPIError("x", {}, Exception())])
def test_any_other_error_is_not_tried_again(error: Exception) -> None:
    runs = []

    def work(connection: Connection) -> None:
        runs.append(connection)
        raise error

    with pytest.raises(type(error)):
        in_transaction(work)
    assert len(runs) == 1
