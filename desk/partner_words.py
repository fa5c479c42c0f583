"""What the event log says of partners, their credentials and their webhooks."""

from __future__ import annotations

from collections.abc import Mapping

from kit.texts import N_

PARTNER_WORDS: Mapping[str, str] = {
    "partner.added": N_("added the partner %(partner)s"),
    "partner.renamed": N_("renamed the partner %(partner)s: %(changed)s"),
    "partner.scopes_changed": N_("changed what the partner %(partner)s may do: %(changed)s"),
    "partner.locations_changed": N_("changed where the partner %(partner)s reaches: %(changed)s"),
    "partner.waiving_changed": N_("changed what the partner %(partner)s may do: %(changed)s"),
    "partner.secret_renewed": N_("made a new client secret for the partner %(partner)s"),
    "partner.revoked": N_("revoked the partner %(partner)s"),
    "credential.added": N_("made a credential of %(kind)s for the partner %(partner)s"),
    "credential.revoked": N_("revoked a credential of %(kind)s of the partner %(partner)s"),
    "endpoint.added": N_("added the webhook %(endpoint)s of the partner %(partner)s: %(changed)s"),
    "endpoint.changed": N_(
        "changed the webhook %(endpoint)s of the partner %(partner)s: %(changed)s"
    ),
    "endpoint.removed": N_("removed the webhook %(endpoint)s of the partner %(partner)s"),
    "endpoint.secret_renewed": N_("made a new signing secret for the webhook %(endpoint)s"),
    "endpoint.switched_on": N_("switched the webhook %(endpoint)s on"),
    "endpoint.switched_off": N_("switched the webhook %(endpoint)s off"),
}
