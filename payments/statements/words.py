"""Words that people and banks write differently and mean alike: names and references, pure.

Banks drop accents, dots and capitals, break lines anywhere and turn names round; what is compared
here is therefore never the text itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

PIECE = re.compile(r"[^\W_]+")
LETTERS = re.compile(r"[^\W\d_]+")
MOST_PIECES = 5  # a GUID has so many
LONGEST = 100
MOST_DIGITS = 18
SHORTEST = 3  # shorter ones stand in any text by chance
SHORTEST_OF_LETTERS = 8  # and so do words
YEARS = range(1990, 2100)

# Letters that Unicode does not take apart.
APART = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
TWO_FOR_ONE = re.compile("([aou])e")

# Between names rather than names; and how people are addressed.
PARTICLES = frozenset(
    ("al", "and", "da", "das", "de", "del", "den", "der", "di", "do", "dos", "du", "el", "en", "et",
     "la", "le", "los", "und", "van", "von", "vom", "zu",
     "dr", "frau", "herr", "mr", "mrs", "ms", "senhor", "senhora", "sr", "sra")
)  # fmt: skip


def compact(text: str) -> str:
    """Letters and digits alone, in small letters: "A 4354.1" and "a4354-1" are the same."""
    return "".join(PIECE.findall(text.casefold()))


def is_telling(word: str) -> bool:
    """Whether a compact reference is one that no text has by chance."""
    return len(word) >= (SHORTEST_OF_LETTERS if word.isalpha() else SHORTEST)


def runs(text: str) -> Iterator[tuple[str, str]]:
    """Everything in a text that may be a reference as a whole word: neighbouring pieces together,
    compact and as they stand there."""
    pieces = [(found.group(), *found.span()) for found in PIECE.finditer(text)]
    for first, (_, start, _) in enumerate(pieces):
        word = ""
        for piece, _, end in pieces[first : first + MOST_PIECES]:
            word += piece.casefold()
            if len(word) > LONGEST:
                break
            if is_telling(word):
                yield word, text[start:end]


def numbers(text: str) -> frozenset[int]:
    """The whole numbers that stand in a text by themselves and may be ids: not the years that
    everybody writes, and nothing longer than an id."""
    found = (piece for piece in PIECE.findall(text) if piece.isascii() and piece.isdecimal())
    ids = frozenset(int(piece) for piece in found if SHORTEST <= len(piece) <= MOST_DIGITS)
    return ids.difference(YEARS)


def folded(text: str) -> str:
    """Small letters without accents; ä, ae and a are the same, and so for o and u."""
    plain = text.casefold()
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain.translate(APART))
        plain = "".join(each for each in apart if not unicodedata.combining(each))
    return TWO_FOR_ONE.sub(r"\1", plain)


@lru_cache(maxsize=4096)  # guests share first names, lines their payers
def name_words(name: str) -> frozenset[str]:
    """The words of a name that say who it is, folded; initials and particles say nothing."""
    found = (word for word in LETTERS.findall(folded(name)) if len(word) > 1)
    return frozenset(found) - PARTICLES


MOST_WORDS = 6
LONGEST_NAME = 3  # words of a first or a last name
UMLAUTS = (("ae", "ä"), ("oe", "ö"), ("ue", "ü"), ("ss", "ß"))


def spellings(name: str) -> frozenset[str]:
    """The ways a first or last name that is in a whole name may be stored, in small letters: to
    find guests by an index, not to tell whether they are meant (`name_words`)."""
    words = name.lower().replace(",", " ").split()[:MOST_WORDS]
    found = {
        " ".join(words[first:last])
        for first in range(len(words))
        for last in range(first + 1, min(first + LONGEST_NAME, len(words)) + 1)
    }
    return frozenset(found | {_with_umlauts(each) for each in found})


def _with_umlauts(text: str) -> str:
    for plain, umlaut in UMLAUTS:
        text = text.replace(plain, umlaut)
    return text
