"""flask serve looks before it leaps."""

from __future__ import annotations

import socket
from collections.abc import Callable

from flask import Flask


def test_a_port_that_is_taken_is_told_and_not_shared(make_app: Callable[..., Flask]) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        result = make_app().test_cli_runner().invoke(args=["serve", "--port", str(port)])

    assert result.exit_code == 1
    assert f"Cannot listen on 127.0.0.1:{port} (address already in use)" in result.output
    assert "Serving" not in result.output


def test_a_port_that_there_is_none_of_is_told(make_app: Callable[..., Flask]) -> None:
    for port in ("0", "99999"):
        result = make_app().test_cli_runner().invoke(args=["serve", "--port", port])

        assert result.exit_code == 2
        assert f"{port} is not in the range 1<=x<=65535" in result.output
