"""Whereto we call: addresses that lead inside, names that move, certificates."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from partners import calling
from partners.calling import call
from tests.partners.certificates import certificate
from tests.partners.receiver import Receiver, receiving

INWARDS = "This address cannot be called: its host is in a private or local network."


@pytest.fixture(autouse=True)
def house() -> Iterator[Flask]:
    """An application that may call this machine."""
    made = Flask("house")
    made.config["ALLOW_LOOPBACK_TARGETS"] = True
    with made.app_context():
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def test_an_address_that_may_not_be_called_is_not(receiver: Receiver, house: Flask) -> None:
    house.config["ALLOW_LOOPBACK_TARGETS"] = False

    told = [call(url, b"{}", {}).problem for url in (receiver.url(), "https://127.0.0.1/")]

    assert told == [
        "This address cannot be called: it must begin with https://, not http://.",
        INWARDS,
    ]
    assert receiver.connections == 0


def test_a_host_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)

    problem = call("https://nobody.example/", b"{}", {}).problem

    assert problem == "This address cannot be called: its host cannot be found."


def test_a_name_that_has_moved_inside_is_not_called(
    house: Flask, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """Whoever owns a name may let it lead anywhere after it was registered."""
    house.config["ALLOW_LOOPBACK_TARGETS"] = False
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)

    answer = call(f"https://hooks.example:{receiver.port}/", b"{}", {})

    assert answer.problem == INWARDS
    assert receiver.connections == 0


def test_the_connection_goes_to_the_very_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver, tmp_path: Path
) -> None:
    """Asked a second time, the name would lead somewhere else."""
    context, trusted = certificate(tmp_path, "hooks.example")
    monkeypatch.setattr(calling, "VERIFY", trusted)
    asked, real = [], socket.getaddrinfo

    def rebinding(host: str, port: int, *words: Any, **options: Any) -> Any:
        if host != "hooks.example":
            return real(host, port, *words, **options)
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "10.255.255.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    with receiving(context) as secure:
        answer = call(f"https://hooks.example:{secure.port}/hooks", b"{}", {})

        assert (answer.status, answer.problem) == (200, None)
        assert asked == ["hooks.example"]
        assert secure.got[0].headers["host"] == f"hooks.example:{secure.port}"


@pytest.mark.parametrize(
    ("named", "is_trusted", "problem"),
    [
        ("127.0.0.1", True, None),
        ("127.0.0.1", False, "no TLS connection, or its certificate is not valid"),
        ("other.example", True, "no TLS connection, or its certificate is not valid"),
    ],
)
def test_a_certificate_must_be_trusted_and_of_the_host(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    named: str,
    is_trusted: bool,
    problem: str | None,
) -> None:
    context, trusted = certificate(tmp_path, named)
    if is_trusted:
        monkeypatch.setattr(calling, "VERIFY", trusted)

    with receiving(context) as secure:
        answer = call(secure.url(), b"{}", {})

        assert answer.problem == problem
        assert len(secure.got) == (0 if problem else 1)
