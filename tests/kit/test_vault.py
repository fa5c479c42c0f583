"""Stored secrets: sealed with the newest key, opened with any, shown masked."""

from __future__ import annotations

import base64
import hmac

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from kit.vault import Vault, VaultLocked, derived_key, masked, vault_keys

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRET_KEY = "a secret key of the settings, long enough"


@given(st.text())
def test_what_is_sealed_opens_again_and_does_not_show(text: str) -> None:
    vault = Vault([NEW])

    sealed = vault.seal(text)

    assert vault.open(sealed) == text
    assert len(text) < 4 or text not in sealed


def test_the_same_text_is_sealed_differently_each_time() -> None:
    vault = Vault([NEW])

    assert vault.seal("tok_1") != vault.seal("tok_1")


def test_a_value_of_an_older_key_still_opens() -> None:
    sealed = Vault([OLD]).seal("tok_1")

    assert Vault([NEW, OLD]).open(sealed) == "tok_1"


def test_the_first_key_seals() -> None:
    sealed = Vault([NEW, OLD]).seal("tok_1")

    assert Vault([NEW]).open(sealed) == "tok_1"
    with pytest.raises(VaultLocked):
        Vault([OLD]).open(sealed)


def test_a_resealed_value_needs_the_newest_key_only() -> None:
    sealed = Vault([OLD]).seal("tok_1")

    fresh = Vault([NEW, OLD]).reseal(sealed)

    assert Vault([NEW]).open(fresh) == "tok_1"
    with pytest.raises(VaultLocked):
        Vault([OLD]).open(fresh)


def test_a_value_whose_key_is_missing_is_neither_opened_nor_resealed() -> None:
    sealed = Vault([OLD]).seal("tok_1")

    with pytest.raises(VaultLocked):
        Vault([NEW]).open(sealed)
    with pytest.raises(VaultLocked):
        Vault([NEW]).reseal(sealed)


@pytest.mark.parametrize("place", [0, 12, 40, -2])
def test_a_value_that_was_changed_does_not_open(place: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(Vault([NEW]).seal("tok_1")))
    raw[place] ^= 1

    with pytest.raises(VaultLocked):
        Vault([NEW]).open(base64.urlsafe_b64encode(raw).decode())


@pytest.mark.parametrize("sealed", ["", "tok_1", "é"])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(VaultLocked):
        Vault([NEW]).open(sealed)


def test_keys_that_are_given_come_before_the_derived_one() -> None:
    assert vault_keys(SECRET_KEY, [NEW, OLD])[:2] == [NEW, OLD]


def test_what_was_sealed_before_the_first_key_was_given_still_opens() -> None:
    sealed = Vault(vault_keys(SECRET_KEY, [])).seal("tok_1")

    assert Vault(vault_keys(SECRET_KEY, [NEW])).open(sealed) == "tok_1"


def test_without_given_keys_one_is_derived_always_the_same() -> None:
    [first], [second] = vault_keys(SECRET_KEY, []), vault_keys(SECRET_KEY, [])
    [other] = vault_keys(SECRET_KEY + "!", [])

    assert Vault([first]).open(Vault([second]).seal("tok_1")) == "tok_1"
    assert first != other


def test_each_purpose_has_a_key_of_its_own() -> None:
    one, other = derived_key(SECRET_KEY, "encryption"), derived_key(SECRET_KEY, "event log")

    assert one != other
    assert len(one) == len(other) == 32


def test_derived_keys_never_change_or_nothing_stored_opens_any_more() -> None:
    # HKDF-SHA256 written out (RFC 5869): extract with a salt of zeros, expand by one block.
    extracted = hmac.digest(bytes(32), b"k" * 32, "sha256")
    expanded = hmac.digest(extracted, b"booking-payments/encryption\x01", "sha256")

    assert derived_key("k" * 32, "encryption") == expanded


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tok_0123456789404e", "****404e"),
        ("123456789012", "****9012"),
        ("12345678901", "****901"),
        ("1234567", "****67"),
        ("123", "****3"),
        ("12", "****"),
        ("1", "****"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_mask_shows_four_characters_at_most_and_never_more_than_a_third(
    text: str | None, shown: str
) -> None:
    assert masked(text) == shown


@pytest.mark.long
@given(st.text(min_size=1))
def test_a_mask_hides_two_thirds_of_any_text(text: str) -> None:
    shown = masked(text).removeprefix("****")

    assert text.endswith(shown)
    assert len(shown) <= min(4, len(text) / 3)
