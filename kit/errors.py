"""Errors of the business: facts and a stable code, no wire and no HTTP status.

Every door (the house API, a partner's format, the desk) has one table that says what an error
class becomes there; the sentence of the error is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar


class DomainError(Exception):
    """Something the business refuses. Leaf classes set `code`; `field` names what is wrong.

    The field is the attribute of the command ("method", "amount"); doors translate it into
    their own word for it ("PaymentMethod", "sum"). None when the error is about no one field.
    """

    code: ClassVar[str]
    field: str | None = None

    @property
    def message(self) -> str:
        return str(self)


class PageError(DomainError):
    """Base of what only people at a page can be refused. The sentence is the answer, shown at the
    field it names, so no door needs a table for these."""


class Refused(Exception):
    """Several things are wrong at once; a sender should learn all of them in one answer."""

    def __init__(self, problems: Sequence[DomainError]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = tuple(problems)

    @classmethod
    def if_any(cls, problems: Sequence[DomainError]) -> None:
        """Raise when there are problems: a single one as itself, several together."""
        if len(problems) == 1:
            raise problems[0]
        if problems:
            raise cls(problems)


def leaves(base: type[DomainError]) -> Iterator[type[DomainError]]:
    """The error classes below `base` that are really raised: those with a code of their own."""
    for child in base.__subclasses__():
        if "code" in child.__dict__:
            yield child
        yield from leaves(child)
