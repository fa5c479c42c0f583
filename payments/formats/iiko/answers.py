"""Documents that this wire answers with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from locations.finding import Place
from payments.formats.iiko import ids
from payments.formats.iiko.payment_types import PaymentType


def organization(place: Place) -> dict[str, Any]:
    return {"responseType": "Simple", "id": ids.organization(place.id), "name": place.name}


def payment_type(found: PaymentType, asked: Sequence[Place]) -> dict[str, Any]:
    """A payment type as clients' models demand it. Here an organization has one terminal group,
    itself: that tells at which of those asked for the type is in use."""
    return {
        "id": found.id,
        "code": found.code,
        "name": found.name,
        "comment": found.comment,
        "combinable": True,
        "applicableMarketingCampaigns": [],
        "isDeleted": False,
        "printCheque": False,
        "paymentProcessingType": found.processing,
        "paymentTypeKind": found.wire_kind,
        "terminalGroups": [_group(each) for each in asked if each.id not in found.off_at],
    }


def _group(place: Place) -> dict[str, Any]:
    of = ids.organization(place.id)
    return {
        "id": of,
        "organizationId": of,
        "name": place.name,
        "address": "",
        "timeZone": place.time_zone,
    }
