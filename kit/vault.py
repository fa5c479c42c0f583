"""Encryption at rest for values that must be readable again: card tokens, Sagepay values.

Fernet (AES-128-CBC with HMAC-SHA256). Several keys may be given: the first encrypts, all
decrypt, so that keys can be changed while the service runs; `flask keys rotate` then encrypts
everything stored with the first key.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


class VaultLocked(Exception):
    """No key opens a stored value: FLASK_ENCRYPTION_KEYS lacks the one it was sealed with."""


def derived_key(secret_key: str, purpose: str) -> bytes:
    """32 bytes for one purpose from FLASK_SECRET_KEY (HKDF-SHA256)."""
    kdf = HKDF(
        algorithm=SHA256(), length=32, salt=None, info=f"booking-payments/{purpose}".encode()
    )
    return kdf.derive(secret_key.encode())


class Vault:
    """Seals and opens text. `keys` are Fernet keys (URL-safe base64 of 32 bytes), newest first."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text again. Raises VaultLocked when no key fits or the value was tampered with."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise VaultLocked("no key opens this value") from None

    def reseal(self, sealed: str) -> str:
        """The same text, encrypted anew with the first key. Raises VaultLocked as `open` does."""
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise VaultLocked("no key opens this value") from None


def vault_keys(secret_key: str, given: Sequence[str]) -> list[str]:
    """The keys from the settings, and last the one derived from the secret key.

    It goes on opening what was sealed before the first key was given, until that is sealed anew.
    """
    derived = base64.urlsafe_b64encode(derived_key(secret_key, "encryption")).decode()
    return [*given, derived]


def vault() -> Vault:
    """The vault of the running application."""
    found: Vault = current_app.extensions["vault"]
    return found


def masked(text: str | None) -> str:
    """How a stored token is shown: its last four characters at most, never more than a third."""
    if not text:
        return ""
    shown = min(4, len(text) // 3)
    return "****" + (text[-shown:] if shown else "")


def masks(values: Mapping[str, str]) -> dict[str, str]:
    """Stored values as they may be shown, by their names."""
    return {name: masked(value) for name, value in values.items()}
