"""Mails that leave by SMTP, against a real server."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from outbox import mail as mails
from outbox.mail import SmtpSender
from tests.outbox.make import a_mail, failed, part


class Postbox:
    """What the server received, and what it answers instead of accepting."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}

    # The names are those that aiosmtpd calls.
    async def handle_MAIL(  # noqa: N802
        self, _: Any, __: Any, envelope: Any, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _: Any, __: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802
        if "DATA" not in self.answers:
            self.recipients += envelope.rcpt_tos
            read = message_from_bytes(envelope.content, policy=policy.default)
            self.received.append(read)
        return self.answers.get("DATA", "250 OK")

    async def handle_QUIT(self, server: Any, _: Any, __: Any) -> str:  # noqa: N802
        if self.answers.get("QUIT") == "none":
            server.transport.abort()
        return self.answers.get("QUIT", "221 Bye")


Serve = Callable[..., SmtpSender]


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def serve(postbox: Postbox) -> Iterator[Serve]:
    """Start the server; answers the sender that talks to it."""
    running: list[Controller] = []

    def start(
        security: mails.Security = "none",
        username: str | None = None,
        password: str | None = None,
        **options: Any,
    ) -> SmtpSender:
        server = Controller(postbox, hostname="127.0.0.1", port=free_port(), **options)
        server.start()
        running.append(server)
        return SmtpSender("127.0.0.1", server.port, security, username, password)

    yield start
    for server in running:
        server.stop()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        assert isinstance(port, int)
        return port


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate for 127.0.0.1 that this process trusts."""
    pem = tmp_path / "server.pem"
    pem.write_bytes(self_signed("127.0.0.1"))
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context


def self_signed(address: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail server")])
    alternatives = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternatives, critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return secret + made.public_bytes(serialization.Encoding.PEM)


def test_a_mail_reaches_the_server_as_it_was_made(serve: Serve, postbox: Postbox) -> None:
    serve().send(a_mail(subject="Olá", text="Olá\n.\n..\n"))

    (came,) = postbox.received
    assert came["Subject"] == "Olá"
    assert came["Message-ID"] == "<abc123@casa.example>"
    assert part(came, "plain").splitlines() == ["Olá", ".", ".."]
    assert postbox.recipients == ["jane@guests.example"]


@pytest.mark.parametrize("place", ["RCPT", "DATA"])
def test_a_recipient_or_a_mail_that_is_refused_with_5xx_is_refused_for_good(
    serve: Serve, postbox: Postbox, place: str
) -> None:
    postbox.answers[place] = "550 5.1.1 No such mailbox"

    failure = failed(serve())

    assert failure.permanent
    assert failure.reason == "SMTP 550 5.1.1 No such mailbox"


@pytest.mark.parametrize(("place", "answer"), [
    ("RCPT", "450 4.2.1 Busy"), ("DATA", "451 4.3.0 Try later"), ("RCPT", "421 4.3.2 Closing"),
    ("RCPT", "530 5.7.0 Sign in first"), ("DATA", "535 5.7.8 No"), ("MAIL", "530 5.7.0 Sign in"),
    ("MAIL", "553 5.7.1 Not your address"), ("MAIL", "451 4.7.1 Greylisted"),
])  # fmt: skip
def test_other_refusals_may_pass(serve: Serve, postbox: Postbox, place: str, answer: str) -> None:
    postbox.answers[place] = answer

    failure = failed(serve())

    assert not failure.permanent
    assert failure.reason.startswith(f"SMTP {answer[:3]}")


@pytest.mark.parametrize("words", [
    "<jane.doe@guests.example>: mailbox full", "no user JANE.DOE here",
    "jane.doe@other.example is away", "=?utf-8?q?x?= jane.doe\u2028@guests.example",
])  # fmt: skip
def test_a_servers_words_are_kept_without_the_guests_address(
    serve: Serve, postbox: Postbox, words: str
) -> None:
    postbox.answers["RCPT"] = f"550 {words}".encode().decode("ascii", "replace")

    failure = failed(serve(), a_mail(to="jane.doe@guests.example"))

    assert "jane" not in failure.reason.lower()
    assert "guests.example" not in failure.reason
    assert failure.__cause__ is None
    assert failure.__suppress_context__


@pytest.mark.parametrize("goodbye", ["500 What?", "421 4.3.2 Going down", "none"])
def test_a_mail_that_was_accepted_has_left_however_the_conversation_ends(
    serve: Serve, postbox: Postbox, goodbye: str
) -> None:
    postbox.answers["QUIT"] = goodbye

    serve().send(a_mail())

    assert len(postbox.received) == 1


def test_no_server_at_all_may_pass() -> None:
    failure = failed(SmtpSender("127.0.0.1", free_port(), "none"))

    assert not failure.permanent
    assert failure.reason == "mail server: ConnectionRefusedError"


@pytest.mark.long
def test_a_silent_server_is_left_before_the_lease_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mails, "SOCKET_S", 1)

    began = monotonic()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        failure = failed(SmtpSender("127.0.0.1", silent.getsockname()[1], "none"))

    assert not failure.permanent
    assert monotonic() - began < 10


@pytest.mark.long
def test_a_server_that_answers_ever_so_slowly_is_left_before_the_lease_ends(
    serve: Serve, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mails, "SEND_S", 1)

    async def drip(server: Any, _: Any, __: Any) -> str:
        for _turn in range(200):
            await server.push("250-still here")
            await asyncio.sleep(0.1)
        return "250 OK"

    monkeypatch.setattr(postbox, "handle_DATA", drip)
    began = monotonic()

    failure = failed(serve())

    assert not failure.permanent
    assert monotonic() - began < 10


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_can_go_encrypted_and_signed_in(
    serve: Serve, postbox: Postbox, certificate: ssl.SSLContext, security: mails.Security
) -> None:
    signed_in = []

    def known(_: Any, __: Any, ___: Any, ____: Any, given: Any) -> AuthResult:
        signed_in.append((given.login, given.password))
        return AuthResult(success=True)

    tls = {"ssl_context" if security == "tls" else "tls_context": certificate}
    # aiosmtpd takes a connection that is encrypted from the start for a plain one.
    options = {"authenticator": known, "auth_require_tls": security == "starttls"}
    sender = serve(security, "house", "correct", **tls, **options)

    sender.send(a_mail())

    assert signed_in == [(b"house", b"correct")]
    assert len(postbox.received) == 1


def test_a_wrong_password_may_be_put_right(serve: Serve) -> None:
    def unknown(*_: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    sender = serve("none", "house", "hunter2", authenticator=unknown, auth_require_tls=False)
    failure = failed(sender)

    assert not failure.permanent
    assert failure.reason == "SMTP 535: our sign-in is missing or wrong"
    assert "hunter2" not in repr(sender)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_nothing_is_sent_in_the_clear_when_the_server_has_no_tls(
    serve: Serve, postbox: Postbox, security: mails.Security
) -> None:
    failure = failed(serve(security))

    assert not failure.permanent
    assert postbox.received == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_cannot_prove_its_name_gets_no_mail(
    serve: Serve,
    postbox: Postbox,
    certificate: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    security: mails.Security,
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    tls = {"ssl_context" if security == "tls" else "tls_context": certificate}

    failure = failed(serve(security, **tls))

    assert not failure.permanent
    assert postbox.received == []
