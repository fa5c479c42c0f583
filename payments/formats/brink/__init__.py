"""PAR Brink: ApplyPayment, by SOAP (docs/formats/brink.md)."""

from payments.formats.brink.routes import register

__all__ = ["register"]
