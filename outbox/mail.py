"""E-mails: how one is made, and the two ways it leaves: by SMTP, or into a folder."""

from __future__ import annotations

import os
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Literal, Protocol

from css_inline import CSSInliner
from sqlalchemy import Connection

from kit.ids import short

Email = EmailMessage
Security = Literal["starttls", "tls", "none"]

SOCKET_S = 10  # for one answer of the mail server
SEND_S = 30  # for one mail from connecting to the server's last word, well below a lease

SPECIALS = r"\s\x00-\x1f\x7f\"(),:;<>@\[\\\]"
ADDRESS = re.compile(rf"([^{SPECIALS}]+)@([^{SPECIALS}]+)")
ANY_ADDRESS = re.compile(r"[^\s<>]*@[^\s<>]*")
# Besides the usual ones, letters that some programs take for the end of a line.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Our sign-in is wrong or missing: a setting to be put right, nothing about the message.
SIGN_IN_CODES = (530, 534, 535)

# At-rules stay: a rule for narrow screens cannot be written into a style attribute.
INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


# What to write down with the outcome of a delivery, in the same transaction. With a failure it may
# raise DeliveryFailed: then nothing is written, and that is what has become of the message.
Note = Callable[[Connection], None]


class DeliveryFailed(Exception):
    """A message did not leave. `permanent`: it never will; otherwise a later try may succeed, after
    `wait` if the receiver asked for that.

    `reason` is stored and shown to staff: it names no guest and holds no secret. `rests`: for how
    long nothing else need be tried with this receiver; `given_time`: it has had its three days.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool,
        wait: timedelta | None = None,
        rests: timedelta | None = None,
        given_time: bool = False,
        note: Note | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.wait = wait
        self.rests = rests
        self.given_time = given_time
        self.note = note


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a mail carries: what to call it, its bytes, and its media type."""

    name: str
    content: bytes
    media_type: str = "application/pdf"


class Sender(Protocol):
    """A way for a message to leave: returns once it has left, or raises DeliveryFailed."""

    def send(self, message: EmailMessage) -> None: ...


def mail(
    *,
    sender: str,
    sender_name: str,
    to: str,
    subject: str,
    text: str,
    html: str,
    attachments: Sequence[Attachment] = (),
) -> Email:
    """A mail that says the same as text and as HTML, its styles written into the elements.

    Raises DeliveryFailed when one of the two addresses cannot be used.
    """
    message = EmailMessage()
    message["From"] = _address(parseaddr(sender)[1], "sender", _one_line(sender_name))
    message["To"] = _address(to, "recipient")
    message["Subject"] = _one_line(subject)
    message["Auto-Submitted"] = "auto-generated"
    # Quoted-printable: lines of any length and any letter pass through every mail server.
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(INLINER.inline(html), subtype="html", cte="quoted-printable")
    for each in attachments:
        kind, _, subtype = each.media_type.partition("/")
        message.add_attachment(each.content, maintype=kind, subtype=subtype, filename=each.name)
    return message


def _one_line(text: str) -> str:
    """Text that is safe in a header.

    Python reads "=?utf-8?q?a=0ABcc:...?=" as an encoded word and then writes its newline into the
    headers (gh-121650), so such a beginning must not survive either.
    """
    return CONTROLS.sub(" ", text).strip().replace("=?", "= ?")


def _address(text: str, whose: str, name: str = "") -> Address:
    parts = ADDRESS.fullmatch(text.strip())
    try:
        if parts is None or "=?" in text:
            raise ValueError
        # A domain has a spelling in ASCII that every mail server understands.
        domain = parts[2].encode("idna").decode()
        return Address(name, parts[1], domain)
    except ValueError:  # UnicodeError is one, too
        reason = f"the address of the {whose} cannot be written to"
        raise DeliveryFailed(reason, permanent=whose == "recipient") from None


@dataclass(frozen=True, slots=True)
class SmtpSender:
    """Hands mails to a mail server. "starttls" and "tls" never fall back to plain text."""

    host: str
    port: int
    security: Security = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def send(self, message: EmailMessage) -> None:
        try:
            self._send(message)
        except OSError as error:  # all errors of smtplib, sockets and TLS are
            # Without its cause: the server's words may repeat the guest's address.
            raise _failure(error, str(message["To"])) from None

    def _send(self, message: EmailMessage) -> None:
        ends = monotonic() + SEND_S
        client = self._connect()
        # The limit of the socket begins anew with every byte; this one ends the whole conversation.
        cut_off = Timer(max(ends - monotonic(), 0), _hang_up, [client])
        cut_off.start()
        try:
            if self.security == "starttls":
                client.starttls(context=ssl.create_default_context())
            if self.username is not None:
                client.login(self.username, self.password or "")
            if monotonic() > ends:
                raise TimeoutError
            client.send_message(message)
            # The mail is accepted: whatever goes wrong from here on must not send it again.
            with suppress(OSError):
                client.quit()
        finally:
            cut_off.cancel()
            client.close()

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=SOCKET_S, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=SOCKET_S)


def _hang_up(client: smtplib.SMTP) -> None:
    """End the connection under a thread that waits on it: its call fails at once."""
    if client.sock is not None:
        with suppress(OSError):
            # Not SSLSocket.shutdown, which takes the TLS state away from the waiting thread.
            socket.socket.shutdown(client.sock, socket.SHUT_RDWR)


def _failure(error: OSError, recipient: str) -> DeliveryFailed:
    """What an error means. Only a refusal of the recipient or of the mail itself is permanent."""
    code, words = _answer(error)
    if code is None:
        return DeliveryFailed(f"mail server: {type(error).__name__}", permanent=False)
    if code in SIGN_IN_CODES or isinstance(error, smtplib.SMTPAuthenticationError):
        return DeliveryFailed(f"SMTP {code}: our sign-in is missing or wrong", permanent=False)
    about_the_mail = isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
    reason = f"SMTP {code} {_without_addresses(words, recipient)}".strip()
    return DeliveryFailed(reason, permanent=about_the_mail and code in range(500, 600))


def _answer(error: OSError) -> tuple[int | None, str]:
    """The code and the words of the server, if it was the server that refused."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return code, words.decode(errors="replace")
    if isinstance(error, smtplib.SMTPResponseException):
        told = error.smtp_error
        return error.smtp_code, told.decode(errors="replace") if isinstance(told, bytes) else told
    return None, ""


def _without_addresses(words: str, recipient: str) -> str:
    """A server's words on one line, without whom they are about."""
    name = parseaddr(recipient)[1].partition("@")[0]
    for pattern in (ANY_ADDRESS, re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)):
        words = pattern.sub("(address)", words)
    return _one_line(words)[:200]


@dataclass(frozen=True, slots=True)
class SpoolSender:
    """Writes mails as files, for a demonstration or a machine without a mail server.

    A mail's file is named by its Message-ID: sent again, it replaces itself.
    """

    folder: Path

    def send(self, message: EmailMessage) -> None:
        name = re.sub(r"[^A-Za-z0-9@.-]", "_", str(message["Message-ID"]).strip("<> ")).lstrip(".")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write(f"{name}.eml", message.as_bytes(policy=SMTP))
        except OSError as error:
            raise DeliveryFailed(f"mail folder: {error.strerror}", permanent=False) from error

    def _write(self, name: str, content: bytes) -> None:
        # A reader never sees half a mail, and a crash after "sent" does not lose it.
        draft = self.folder / f".{name}.{short()}"
        try:
            with open(draft, "xb", opener=_private) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / name)
        finally:
            draft.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    """Open for the owner alone: mails hold names and addresses of guests."""
    return os.open(path, flags, 0o600)
