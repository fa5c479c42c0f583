"""How mails are made, and how they leave as files."""

from __future__ import annotations

import os
import stat
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outbox.mail import Attachment, DeliveryFailed, SpoolSender
from tests.outbox.make import a_mail, failed, part, reread


def test_a_mail_says_the_same_as_text_and_as_html() -> None:
    read = reread(a_mail(text="Olá, “Zoë”\n", html="<p>Olá, “Zoë”</p>"))

    assert read.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in read.iter_parts()] == ["text/plain", "text/html"]
    assert part(read, "plain") == "Olá, “Zoë”\n"
    assert "Olá, “Zoë”" in part(read, "html")


def test_a_mail_carries_files_beside_its_words() -> None:
    files = [
        Attachment("receipt-17.pdf", b"%PDF\x00\r\n\xff"),
        Attachment("é.csv", b"a", "text/csv"),
    ]

    read = reread(a_mail(attachments=files))

    assert part(read, "plain") == "Thank you.\n"
    assert "Thank you." in part(read, "html")
    found = list(read.iter_attachments())
    assert [each.get_content_type() for each in found] == ["application/pdf", "text/csv"]
    assert [each.get_filename() for each in found] == ["receipt-17.pdf", "é.csv"]
    assert [each.get_payload(decode=True) for each in found] == [b"%PDF\x00\r\n\xff", b"a"]
    assert all(each.is_attachment() for each in found)


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
    raw = a_mail(text="漢" * 2000 + "\n").as_bytes(policy=policy.SMTP)

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


@pytest.mark.long
@settings(deadline=None)  # a busy machine is no failure
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


# ----------------------------------------------------------------------------------- as files


def test_a_spooled_mail_is_a_file_of_its_message_id(tmp_path: Path) -> None:
    SpoolSender(tmp_path / "mail").send(a_mail())

    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "abc123@casa.example.eml"
    read = message_from_bytes(file.read_bytes(), policy=policy.default)
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

    monkeypatch.setattr(os, "fsync", full)

    failure = failed(SpoolSender(tmp_path))

    assert failure.reason == "mail folder: No space left on device"
    assert list(tmp_path.iterdir()) == []
