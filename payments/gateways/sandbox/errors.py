"""What programs are refused that order payments from the sandbox."""

from __future__ import annotations

from kit.errors import DomainError


class SandboxError(DomainError):
    """Base of what the sandbox refuses."""


class CodeUnknown(SandboxError):
    code = "code_unknown"
    field = "code"

    def __init__(self) -> None:
        # The code is not repeated: it may be a card's number.
        super().__init__("There is no transaction of yours with this code.")


class CodeTaken(SandboxError):
    """The same code with other values is another transaction, and codes are unique."""

    code = "code_taken"
    field = "code"

    def __init__(self, code: str, differs: list[str]) -> None:
        super().__init__(
            f"There is a transaction {code} of yours with another {' and '.join(differs)}; "
            "give a new one a new code."
        )
