"""Texts of rooms below the desk that people read there: marked where they stand, so that
`make texts` puts them into the catalogue, and looked up in it where they are shown."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802, gettext's own name for this mark, which its tools know
    """The text itself."""
    return text
