"""What the event log says of card payments that staff ordered, that came to nothing, and that a
person settled by hand."""

from __future__ import annotations

from collections.abc import Mapping

from kit.texts import N_

# By what was to be done: that it was, and that there is nothing to record.
SETTLED: Mapping[str, tuple[str, str]] = {
    "pay": (
        N_("said that the guest's payment of %(amount)s was paid"),
        N_("said that of the guest's payment of %(amount)s nothing is to be recorded"),
    ),
    "charge": (
        N_("said that the charge of %(amount)s was paid"),
        N_("said that of the charge of %(amount)s nothing is to be recorded"),
    ),
    "refund": (
        N_("said that %(amount)s went back to the card"),
        N_("said that of the refund of %(amount)s to the card nothing is to be recorded"),
    ),
    "release": (
        N_("said that the provider released %(amount)s"),
        N_("said that of the release of %(amount)s nothing is to be recorded"),
    ),
    "abort": (
        N_("said that the provider gave %(amount)s up"),
        N_("said that of giving %(amount)s up nothing is to be recorded"),
    ),
    "void": (
        N_("said that %(amount)s is void at the provider"),
        N_("said that of voiding %(amount)s nothing is to be recorded"),
    ),
}

# By what staff ordered; `payment` is the one whose card or money it is about.
ORDERED: Mapping[str, str] = {
    "charge": N_("ordered a charge of %(amount)s on the card of payment %(payment)s"),
    "refund": N_("ordered that %(amount)s of payment %(payment)s go back to the card"),
    "release": N_("ordered the release of %(amount)s, payment %(payment)s, at the provider"),
    "abort": N_("ordered that the provider give up %(amount)s, payment %(payment)s"),
    "void": N_("ordered that the provider void %(amount)s, payment %(payment)s"),
}
REFUSED: Mapping[str, str] = {
    "charge": N_(
        "ordered a charge of %(amount)s on the card of payment %(payment)s, which came to nothing"
    ),
    "refund": N_(
        "ordered that %(amount)s of payment %(payment)s go back to the card; "
        "the provider has not done it"
    ),
    "release": N_("had no %(amount)s, payment %(payment)s, released: the provider has not done it"),
    "abort": N_("had %(amount)s, payment %(payment)s, not given up: the provider has not done it"),
    "void": N_("had %(amount)s, payment %(payment)s, not made void: the provider has not done it"),
}
