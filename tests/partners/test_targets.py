"""Which addresses we let ourselves be sent to: none that leads inwards, however it is written."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from partners import targets
from partners.errors import TargetRefused
from partners.targets import LONGEST, check_target, within

PUBLIC, PRIVATE = "93.184.215.14", "10.0.0.1"
INWARDS = "This address cannot be called: its host is in a private or local network."
NOT_FOUND = "This address cannot be called: its host cannot be found."
NO_ADDRESS = "This address cannot be called: it is no address such as https://example.com/hooks."


@pytest.fixture(autouse=True)
def house() -> Iterator[Flask]:
    """An application that allows no target on its own machine."""
    made = Flask("house")
    made.config["ALLOW_LOOPBACK_TARGETS"] = False
    with made.app_context():
        yield made


def refusal(url: str) -> str:
    with pytest.raises(TargetRefused) as refused:
        check_target(url)
    return refused.value.message


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every host have these addresses, one after another, the last for ever; which hosts were
    asked for."""
    asked, left = [], list(addresses)

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.long
@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hooks",
        "https://example.com",
        "https://example.com.:8443/a?b=c&d=%20",
        "HTTPS://EXAMPLE.COM/hooks",
        "https://hooks_1.xn--mnchen-3ya.example/",
        f"https://{PUBLIC}/hooks",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/hooks",
    ],
)
def test_an_https_address_of_a_public_host_may_be_called(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, PUBLIC)

    assert check_target(url).url == url


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "127.0.0.1",
        "127.8.9.10",
        "localhost",
        "0.0.0.0",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
def test_no_address_inside_may_be_called(host: str) -> None:
    assert refusal(f"https://{host}/hooks") == INWARDS


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "0"]
)
def test_no_spelling_of_a_number_hides_this_machine(host: str) -> None:
    assert refusal(f"https://{host}/hooks") == INWARDS


@pytest.mark.parametrize("address", [PRIVATE, "169.254.169.254", "::1", "::ffff:10.0.0.1"])
def test_a_name_that_leads_inside_may_not_be_called(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, address)

    assert refusal("https://innocent.example/hooks") == INWARDS


def test_a_name_that_nobody_has_may_not_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)

    assert refusal("https://nobody.example/hooks") == NOT_FOUND


def test_a_part_of_a_name_that_no_name_may_have_is_no_name() -> None:
    assert refusal(f"https://{'a' * 64}.example/hooks") == NOT_FOUND


def test_a_name_that_takes_for_ever_to_look_up_may_not_be_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asleep = threading.Event()
    monkeypatch.setattr(targets, "LOOK_UP_S", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: asleep.wait(30))

    assert refusal("https://slow.example/hooks") == NOT_FOUND
    asleep.set()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hooks",
        "//example.com/hooks",
        "ftp://example.com/hooks",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https:///hooks",
        "https://",
        "https://example..com/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:80a/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://%31%32%37.0.0.1/",
        "https://example.com\\.evil.example/",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert refusal(url) == NO_ADDRESS


@pytest.mark.parametrize(
    "url",
    [
        "https://user:password@example.com/hooks",
        "https://user@example.com/hooks",
        "https://@example.com/hooks",
        "https://example.com/hooks#part",
    ],
)
def test_an_address_holds_neither_a_password_nor_a_fragment(url: str) -> None:
    told = refusal(url)

    assert told.endswith("it must hold no user name, password or fragment.")
    assert "example" not in told


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/" + "a" * LONGEST,
        "https://example.com/ä",
        "https://münchen.example/",
        "https://example.com/a b",
        "https://example.com/a\nb",
        "https://example.com/a\r\nHost: evil.example",
        "https://example.com/\x00",
        "https://example.com/\x7f",
        "\thttps://example.com/",
    ],
)
def test_an_address_is_made_of_plain_characters_and_not_too_long(url: str) -> None:
    assert "at most 500 plain characters" in refusal(url)


def test_the_longest_address_is_just_short_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, PUBLIC)
    url = "https://example.com/".ljust(LONGEST, "a")

    assert check_target(url).url == url


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1", "localhost"])
def test_http_is_refused(host: str) -> None:
    assert refusal(f"http://{host}/") == (
        "This address cannot be called: it must begin with https://, not http://."
    )


class TestWithLoopbackTargetsAllowed:
    @pytest.fixture(autouse=True)
    def _allowed(self, house: Flask) -> None:
        house.config["ALLOW_LOOPBACK_TARGETS"] = True

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:9009/hooks", "http://localhost/hooks", "https://127.0.0.1/"]
    )
    def test_this_machine_may_be_called(self, url: str) -> None:
        assert check_target(url).url == url

    @pytest.mark.parametrize(
        "url",
        ["http://example.com/", "http://2130706433/", "http://10.0.0.1/", "http://127.0.0.2/"],
    )
    def test_everybody_else_still_needs_https(self, url: str) -> None:
        assert "it must begin with https://" in refusal(url)

    @pytest.mark.parametrize(
        "host", [PRIVATE, "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "[fe80::1]"]
    )
    def test_no_other_private_network_is_open(self, host: str) -> None:
        assert refusal(f"https://{host}/") == INWARDS


def test_work_within_a_limit_gives_its_result_or_its_error() -> None:
    def fail() -> None:
        raise KeyError("a")

    assert within(5, lambda: 7) == 7
    with pytest.raises(KeyError):
        within(5, fail)
