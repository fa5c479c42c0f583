"""The doors that payments come by, in words."""

from __future__ import annotations

from collections.abc import Mapping

from desk.words import _
from payments.account import EXTERNAL


def sources() -> Mapping[str, str]:
    """What each source is called, those from outside first."""
    return {
        "ipro": _("House API"),
        "spektrix": _("Spektrix"),
        "kseries": _("Lightspeed K-Series"),
        "brink": _("PAR Brink"),
        "iiko": _("iiko"),
        "desk": _("Desk"),
        "guest": _("Guest's page"),
        "import": _("Import"),
    }


def is_external(source: str) -> bool:
    """Whether it came through an API of ours."""
    return source in EXTERNAL
