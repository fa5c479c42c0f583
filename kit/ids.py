"""Random identifiers and the hashes that secrets are stored as."""

from __future__ import annotations

import hashlib
import secrets
import string

OPAQUE = string.ascii_uppercase + string.digits


def secret() -> str:
    """A new secret or token: 43 URL-safe characters, 256 bits of randomness."""
    return secrets.token_urlsafe(32)


def opaque(length: int) -> str:
    """A new identifier of capital letters and digits that says nothing about what it names."""
    return "".join(secrets.choice(OPAQUE) for _ in range(length))


def short() -> str:
    """A new identifier for one request or one worker: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def digest(text: str) -> str:
    """SHA-256 in hexadecimal: how random secrets are stored, and the key they are looked up by.

    Good for secrets with the randomness of `secret()` only: nobody guesses 256 bits, so a slow
    password hash would cost time on every request and buy nothing.
    """
    return hashlib.sha256(text.encode()).hexdigest()
