"""What reports can be filtered by, for the person at the desk."""

from __future__ import annotations

from sqlalchemy.orm import Session

from desk.access import me
from desk.partners.queries import UTC
from office.reports import choices as reports
from office.reports.choices import Choices


def choices(session: Session) -> Choices:
    """What there is to choose from. One statement."""
    return reports.choices(session, me().locations)


def zone_of(choices: Choices, location: int | None) -> str:
    """The zone in which moments are told: the location's, or that which all in reach have in
    common, or UTC."""
    place = choices.locations.get(location or 0)
    zones = {each.zone for each in ([place] if place else choices.locations.values())}
    return zones.pop() if len(zones) == 1 else UTC
