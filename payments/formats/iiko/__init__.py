"""iiko: payments from external systems (docs/formats/iiko.md)."""

from payments.formats.iiko.routes import register

__all__ = ["register"]
