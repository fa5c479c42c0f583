"""Answers to requests whose body nobody reads, on the server that we run."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.processes.conftest import House


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
@pytest.mark.parametrize("size", [10, 20_000, 60_000])
def test_who_is_refused_before_the_body_is_read_is_answered_the_next_time(
    house: House, size: int
) -> None:
    house.server.start()
    told = []

    with closing(HTTPConnection(urlsplit(house.server.address).netloc, timeout=10)) as kept:
        for _ in range(3):
            kept.request("POST", "/apis/payments", body=b"x" * size)
            with kept.getresponse() as answer:
                told.append((answer.status, answer.headers["Connection"], bool(answer.read())))

    assert told == [(401, "close", True)] * 3


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_a_connection_whose_bodies_are_read_is_kept(house: House) -> None:
    house.server.start()

    with closing(HTTPConnection(urlsplit(house.server.address).netloc, timeout=10)) as kept:
        kept.request("POST", "/api/1/access_token", body=b'{"apiLogin":"demo"}')
        with kept.getresponse() as answer:
            answer.read()

    assert (answer.status, answer.headers["Connection"]) == (200, None)
