"""Which lines of a file are stored already, and the marks of those that are not: pure.

Banks repeat lines: a download of the month holds those of the week, and one format those of the
other. Only lines of the same day and amount are ever compared, as many with as many:

1. Lines with the same reference of the bank are the same, or both without one; those with the same
   texts first. Some banks give a constant: two in the file and one stored make one new.
2. Of what is left, lines of another source (the other format, or another column for references)
   are the same too, those with the same texts first: what one source calls a line says nothing of
   what another one does.

So a line never counts twice, whatever stands beside it. The price: two payments of one day and
amount that no reference tells apart, each in a file without the other one, are taken for one,
until a file holds both. How many were taken for one although their texts differ is told.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date

from payments.statements.statement import ReadLine, Source

# Nothing that stands where a reference is missing ("NONREF", "NOTPROVIDED", "0"), nor a hidden one.
GOOD = re.compile(r"(?=.*[0-9])[^*…]{6,}")
ZEROS = re.compile(r"[0\W]+")


@dataclass(frozen=True, slots=True)
class Known:
    """A stored line: its mark, what the bank says of it, and the source of its file."""

    mark: str
    line: ReadLine
    source: Source


@dataclass(frozen=True, slots=True)
class Compared:
    """The marks of the lines that are new, by their places in the file. `alike`: how many of the
    others are known by day and amount only, and say something else than the stored one."""

    fresh: dict[int, str]
    alike: int


@dataclass(slots=True)
class _Left:
    """Places of what has no counterpart yet, in the file and among the stored."""

    lines: list[int]
    stored: list[int]


def compare(lines: Sequence[ReadLine], source: Source, stored: Sequence[Known]) -> Compared:
    """The lines of a file of this source against those that are stored of its days."""
    left = _Left(list(range(len(lines))), list(range(len(stored))))
    there = [each.line for each in stored]
    _pair(left, lines, there, lambda line: (*_named(line), *_texts(line)))
    unnamed = sum(1 for place in left.lines if not _name(lines[place]))
    _pair(left, lines, there, _named)
    alike = unnamed - sum(1 for place in left.lines if not _name(lines[place]))
    left.stored = [place for place in left.stored if stored[place].source != source]
    _pair(left, lines, there, lambda line: (*_sum(line), *_texts(line)))
    alike += _pair(left, lines, there, _sum)
    taken = {each.mark for each in stored}
    return Compared(_marks([(place, lines[place]) for place in left.lines], taken), alike)


def _pair(
    left: _Left,
    lines: Sequence[ReadLine],
    stored: Sequence[ReadLine],
    key: Callable[[ReadLine], Hashable],
) -> int:
    """Take away what has a counterpart with the same key, as many as there are; how many."""
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for place in reversed(left.stored):
        waiting[key(stored[place])].append(place)
    found, lonely = set(), []
    for place in left.lines:
        if same := waiting.get(key(lines[place])):
            found.add(same.pop())
        else:
            lonely.append(place)
    left.lines, left.stored = lonely, [each for each in left.stored if each not in found]
    return len(found)


def _marks(fresh: Sequence[tuple[int, ReadLine]], taken: set[str]) -> dict[int, str]:
    """A mark for each: a digest of day, amount and reference, and of the first number that no
    stored line of these has. Who stores the same line at the same moment comes to the same mark."""
    last: dict[Hashable, int] = defaultdict(int)
    marks = {}
    for place, line in fresh:
        named = _named(line)
        while True:
            last[named] += 1
            mark = _digest(*named, last[named])
            if mark not in taken:
                break
        marks[place] = mark
    return marks


def _digest(*parts: object) -> str:
    # As a list of texts, so that no two lines with other borders between texts are the same.
    return hashlib.sha256(repr([*map(str, parts)]).encode()).hexdigest()


def _sum(line: ReadLine) -> tuple[date, int]:
    return line.booked_on, line.amount


def _named(line: ReadLine) -> tuple[date, int, str]:
    return *_sum(line), _name(line)


def _name(line: ReadLine) -> str:
    """The bank's reference; "" for none, or what stands in its place."""
    text = line.bank_reference
    return text if GOOD.fullmatch(text) and not ZEROS.fullmatch(text) else ""


def _texts(line: ReadLine) -> tuple[str, ...]:
    return line.party, line.party_account, line.reference, line.remittance
