"""How mails are made and how they leave, against a real SMTP server."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ipaddress
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from outbox import mail as mails
from outbox.mail import DeliveryFailed, Email, SmtpSender, SpoolSender, mail
from payments.mails import render_payment_received

ROOT = Path(__file__).parents[2]


def a_mail(**changes: str) -> Email:
    words = {
        "sender": "stay@casa.example",
        "sender_name": "Casa do Mar",
        "to": "jane@guests.example",
        "subject": "Your payment",
        "text": "Thank you.\n",
        "html": "<html><head><style>p { color: #123456 }</style></head><body><p>Thank you.</p></body></html>",
    }
    made = mail(**(words | changes))
    made["Message-ID"] = "<abc123@casa.example>"
    return made


def reread(message: EmailMessage) -> EmailMessage:
    """The mail as its receiver reads it."""
    return email.message_from_bytes(
        message.as_bytes(policy=email.policy.SMTP), policy=email.policy.default
    )


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    content = found.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


# ------------------------------------------------------------------------------------ making one


def test_a_mail_says_the_same_as_text_and_as_html() -> None:
    read = reread(a_mail(text="Olá, “Zoë”\n", html="<p>Olá, “Zoë”</p>"))

    assert read.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in read.iter_parts()] == ["text/plain", "text/html"]
    assert part(read, "plain") == "Olá, “Zoë”\n"
    assert "Olá, “Zoë”" in part(read, "html")


def test_styles_are_written_into_the_elements() -> None:
    html = part(reread(a_mail()), "html")

    assert '<p style="color: #123456' in html
    assert "<style" not in html


def test_rules_for_narrow_screens_stay() -> None:
    rule = "@media (max-width: 480px) { p { padding: 0 !important } }"

    html = part(reread(a_mail(html=f"<style>{rule}</style><p>x</p>")), "html")

    assert "@media (max-width: 480px)" in html


def test_a_mail_says_that_no_person_wrote_it() -> None:
    assert reread(a_mail())["Auto-Submitted"] == "auto-generated"


def test_lines_of_any_length_and_letters_of_any_script_go_as_short_ascii_lines() -> None:
    raw = a_mail(text="漢" * 2000 + "\n").as_bytes(policy=email.policy.SMTP)

    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert raw.isascii()


@pytest.mark.parametrize("evil", [
    "x\r\nBcc: all@guests.example",
    "x\nBcc: all@guests.example",
    "x\r\n\r\nA body of their own",
    "x\x0bBcc: all@guests.example\x00\x85\u2028y",
    "=?utf-8?q?x=0D=0ABcc=3A_all=40guests.example?=",
    "=?utf-8?b?eA0KQmNjOiBhbGxAZ3Vlc3RzLmV4YW1wbGU=?=",
    '"x" <all@guests.example>, ',
])  # fmt: skip
def test_no_name_or_subject_can_add_a_header(evil: str) -> None:
    read = reread(a_mail(subject=evil, sender_name=evil))

    names = [
        "From",
        "To",
        "Subject",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
        "Message-ID",
    ]
    assert sorted(read.keys()) == sorted(names)
    assert [each.addr_spec for each in read["From"].addresses] == ["stay@casa.example"]
    assert [each.addr_spec for each in read["To"].addresses] == ["jane@guests.example"]
    assert "Thank you." in part(read, "plain")


@given(st.text(max_size=100), st.text(max_size=200))
def test_any_name_and_subject_leave_the_other_headers_alone(name: str, subject: str) -> None:
    read = reread(a_mail(sender_name=name, subject=subject))

    assert len(read.keys()) == 7
    assert [each.addr_spec for each in read["From"].addresses] == ["stay@casa.example"]


@pytest.mark.parametrize(
    "name", ["Ilhas Açores, Lda", 'Casa "do Mar" (Lisboa)', "海の家", "Mar; & <b>"]
)
def test_a_name_arrives_as_it_was_written(name: str) -> None:
    read = reread(a_mail(sender_name=name, subject=name))

    assert read["From"].addresses[0].display_name == name
    assert read["Subject"] == name


@pytest.mark.parametrize("to", [
    "", "jane", "@guests.example", "jane@", "a b@guests.example", "jane@guests.example\nBcc: x@y.z",
    "jane@guests.example, x@y.z", "Jane <jane@guests.example>", "=?utf-8?q?x=0A?=@guests.example",
    "jane@guests..example", "jane@" + "g" * 64 + ".example",
])  # fmt: skip
def test_an_address_that_is_none_is_refused_for_good(to: str) -> None:
    with pytest.raises(DeliveryFailed) as refused:
        a_mail(to=to)

    assert refused.value.permanent
    assert "jane" not in refused.value.reason


def test_a_wrong_address_of_our_own_is_not_the_messages_fault() -> None:
    with pytest.raises(DeliveryFailed) as refused:
        a_mail(sender="nobody")

    assert not refused.value.permanent


def test_a_domain_with_letters_beyond_ascii_is_spelt_in_ascii() -> None:
    assert "jane@xn--mnchen-3ya.example" in reread(a_mail(to="jane@münchen.example"))["To"]


# --------------------------------------------------------------------------------------- by SMTP


class Postbox:
    """What the server received, and what it answers instead of accepting."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}

    async def handle_MAIL(self, _: Any, __: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, options: Any) -> str:
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:
        if "DATA" not in self.answers:
            self.recipients += envelope.rcpt_tos
            read = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.received.append(read)
        return self.answers.get("DATA", "250 OK")

    async def handle_QUIT(self, _: Any, __: Any, ___: Any) -> str:
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


def failed(sender: SmtpSender | SpoolSender, message: EmailMessage | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failure:
        sender.send(message or a_mail())
    return failure.value


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
    "<jane.doe@guests.example>: mailbox full", "no user JANE.DOE here", "jane.doe@other.example is away",
    "=?utf-8?q?x?= jane.doe\u2028@guests.example",
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


@pytest.mark.parametrize("goodbye", ["500 What?", "421 4.3.2 Going down"])
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


def test_a_silent_server_is_left_before_the_lease_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mails, "SOCKET_S", 1)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        failure = failed(SmtpSender("127.0.0.1", silent.getsockname()[1], "none"))

    assert not failure.permanent


def test_a_server_that_answers_ever_so_slowly_is_left_before_the_lease_ends(
    serve: Serve, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mails, "SEND_S", 1)

    async def drip(server: Any, _: Any, __: Any) -> str:
        for _turn in range(50):
            await server.push("250-still here")
            await asyncio.sleep(0.1)
        return "250 OK"

    monkeypatch.setattr(postbox, "handle_DATA", drip)
    began = monotonic()

    failure = failed(serve())

    assert not failure.permanent
    assert monotonic() - began < 3


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


# ----------------------------------------------------------------------------------- as files


def test_a_spooled_mail_is_a_file_of_its_message_id(tmp_path: Path) -> None:
    SpoolSender(tmp_path / "mail").send(a_mail())

    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "abc123@casa.example.eml"
    read = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert read["Subject"] == "Your payment"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_mail_spooled_again_replaces_itself(tmp_path: Path) -> None:
    sender = SpoolSender(tmp_path)

    sender.send(a_mail(subject="first"))
    sender.send(a_mail(subject="second"))

    (file,) = tmp_path.iterdir()
    assert b"Subject: second" in file.read_bytes()


def test_no_message_id_can_leave_the_folder(tmp_path: Path) -> None:
    message = a_mail()
    message.replace_header("Message-ID", "<../../x/.y@casa.example>")

    SpoolSender(tmp_path / "mail").send(message)

    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "_.._x_.y@casa.example.eml"


def test_a_folder_that_cannot_be_written_may_be_put_right(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("not a folder")

    assert not failed(SpoolSender(tmp_path / "mail")).permanent


def test_half_a_mail_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mails.os, "fsync", full)

    failure = failed(SpoolSender(tmp_path))

    assert failure.reason == "mail folder: No space left on device"
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------- the words of the ledger

CONTEXT: dict[str, Any] = {
    "to": "jane@guests.example",
    "name": "Jane Doe",
    "locale": "en_GB",
    "sender": "stay@casa.example",
    "location": "Casa do Mar",
    "booking": 1207,
    "account": "A1207.1",
    "properties": ["Sea View", "Garden Room"],
    "arrives": "2027-06-12",
    "currency": "EUR",
    "amount": 24800,
    "charges": 350,
    "method": "Visa",
    "paid_on": "2026-11-20",
    "covered": [["Deposit", 20000], ["Cleaning", 4300]],
    "credit": 500,
    "open": [["Balance", 30000, "2027-05-13"], ["Security deposit", 10000, "2027-06-01"]],
}


class Rows(HTMLParser):
    """The texts of the rows of tables of class "lines"; a row elsewhere is lost."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.open: list[bool] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.open.append(("class", "lines") in attrs)
            self.tables += [[]] if self.open[-1] else []
        elif tag == "tr" and self.open[-1]:
            self.tables[-1].append([])

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.open.pop()

    def handle_data(self, text: str) -> None:
        if self.open and self.open[-1] and text.strip():
            self.tables[-1][-1].append(text)


def payment_mail(**changes: Any) -> EmailMessage:
    app = Flask("mails", template_folder=str(ROOT / "payments" / "templates"))
    with app.app_context():
        return reread(render_payment_received({**CONTEXT, **changes}))


def test_the_guest_reads_what_was_paid_what_it_covers_and_what_is_still_due_and_when() -> None:
    text = part(payment_mail(), "plain")

    assert text == (ROOT / "tests" / "outbox" / "payment_received.txt").read_text()


def test_the_rows_of_the_html_are_in_its_tables() -> None:
    facts, covered, still_open = Rows(part(payment_mail(), "html")).tables

    assert ["Amount", "€248.00"] in facts
    assert ["Your stay", "Sea View, Garden Room, from 12 June 2027"] in facts
    assert covered == [["Deposit", "€200.00"], ["Cleaning", "€43.00"]]
    assert still_open == [
        ["Balance", "due 13 May 2027", "€300.00"],
        ["Security deposit", "due 1 June 2027", "€100.00"],
        ["Together", "€400.00"],
    ]


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_forms_tell_of_charges_and_credit_only_when_there_are_some(kind: str) -> None:
    with_both = part(payment_mail(), kind)
    without = part(payment_mail(charges=0, credit=0, covered=[], properties=[], arrives=None), kind)

    assert "€3.50" in with_both
    assert "€5.00 is more than what was due" in with_both
    assert "Surcharge" not in without
    assert "credit" not in without
    assert "covers" not in without
    assert "Your stay" not in without


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_forms_say_when_nothing_is_left_to_be_paid(kind: str) -> None:
    words = part(payment_mail(open=[]), kind)

    assert "Nothing is left to be paid on this booking." in words
    assert "Together" not in words


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_guest_without_a_name_is_greeted_all_the_same(kind: str) -> None:
    assert "Hello," in part(payment_mail(name=""), kind)


def test_money_and_days_are_written_as_the_guest_writes_them() -> None:
    mail_for_portugal = payment_mail(locale="pt_PT")

    assert "248,00\xa0€" in mail_for_portugal["Subject"]
    assert "20 de novembro de 2026" in part(mail_for_portugal, "html")


def test_a_guests_name_is_text_and_never_markup() -> None:
    evil = '<img src="https://evil.example/x.png"><script>alert(1)</script>'

    html = part(payment_mail(name=evil, covered=[[evil, 1]], method=evil, location=evil), "html")

    assert "<script" not in html
    assert "<img" not in html


def test_the_html_fetches_nothing_from_outside() -> None:
    html = part(payment_mail(), "html")

    for word in ("http:", "https:", "src=", "url(", "@import", "<link"):
        assert word not in html
