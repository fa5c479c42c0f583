"""What the columns of a new file may mean: a proposal for a person to confirm; pure.

Banks name their columns in the language of their country. A name that is known exactly counts for
more than one that only holds a known word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice

from payments.statements.csv_columns import ROLES, Columns, width_of
from payments.statements.csv_text import SAMPLE, Row, Text, names_of, rows, separator_of
from payments.statements.csv_values import orders_of, signs_of
from payments.statements.reading_errors import HeadMissing, NoLines
from payments.statements.statement import MOST_AHEAD

# In the order in which roles choose: what is told by fewer words comes first. English, German,
# Spanish, French, Portuguese; without accents.
WORDS: Mapping[str, tuple[str, ...]] = {
    "date": ("buchungstag", "buchungsdatum", "buchung", "booking date", "booked on", "posting date",
             "transaction date", "date", "datum", "fecha operacion", "fecha contable",
             "fecha de operacion", "fecha", "f contable", "date operation", "date d operation",
             "date comptable", "date de comptabilisation", "data mov", "data movimento", "data"),
    "valued": ("valuta", "valutadatum", "wertstellung", "wert", "value date", "fecha valor",
               "fecha de valor", "f valor", "date de valeur", "date valeur", "data valor"),
    "mark": ("soll haben", "s h", "soll haben kennzeichen", "credit debit", "debit credit", "cr dr",
             "dr cr", "d c", "c d", "credit debit indicator", "debe haber", "signo", "sens"),
    "came": ("gutschrift", "haben", "eingang", "paid in", "money in", "credit", "credit amount",
             "abono", "abonos", "ingreso", "ingresos", "haber", "montant credit", "credito"),
    "left": ("lastschrift", "belastung", "soll", "ausgang", "paid out", "money out", "debit",
             "debit amount", "cargo", "cargos", "adeudo", "gasto", "gastos", "debe",
             "montant debit", "debito"),
    "amount": ("betrag", "umsatz", "betrag eur", "amount", "amount eur", "amount gbp", "importe",
               "importe eur", "montant", "montant eur", "montante"),
    "balance": ("saldo nach buchung", "saldo", "kontostand", "balance", "running balance",
                "account balance", "solde"),
    "currency": ("wahrung", "waehrung", "currency", "divisa", "moneda", "devise"),
    "own": ("iban auftragskonto", "auftragskonto", "account number", "own account",
            "cuenta propia", "numero de compte"),
    "bank_reference": ("bankreferenz", "bank reference", "transaction id", "transaction reference",
                       "referencia bancaria", "reference banque", "reference operation"),
    "reference": ("kundenreferenz end to end", "end to end referenz", "end to end id",
                  "end to end reference", "kundenreferenz", "customer reference", "reference",
                  "referenz", "referencia", "reference client"),
    "party_account": ("iban zahlungsbeteiligter", "kontonummer iban", "iban", "counterparty iban",
                      "counterparty account", "payer account", "cuenta contrapartida",
                      "cuenta ordenante", "iban contrepartie", "compte contrepartie"),
    "party": ("name zahlungsbeteiligter", "zahlungsbeteiligter",
              "beguenstigter zahlungspflichtiger", "auftraggeber empfanger",
              "auftraggeber", "empfanger", "zahlungspflichtiger", "payee", "payer",
              "counterparty", "counterparty name", "name", "ordenante", "beneficiario",
              "ordenante beneficiario", "nombre", "contrepartie", "tiers", "donneur d ordre"),
    "remittance": ("verwendungszweck", "purpose", "description", "transaction description",
                   "details", "payment details", "narrative", "memo", "concepto", "libelle",
                   "motif", "communication", "descricao"),
    "remittance_2": ("buchungstext", "mas datos", "observaciones", "additional information",
                     "detail", "informations complementaires"),
}  # fmt: skip
LEAST_WORD = 5  # letters of a word that is looked for inside a name
NO_WORD = re.compile(r"[^a-z0-9]+")


def guessed(text: Text, currency: str, today: date) -> Columns:
    """How a file may be read; what cannot be told (whether day or month comes first) is left "".

    Raises NoLines, HeadMissing and StatementBroken for a file that is no table.
    """
    separator = separator_of(text.text)
    found = list(islice(rows(text.text, separator), SAMPLE))
    head = _head(found)
    heads = names_of(head.cells)
    columns = Columns(heads=heads, separator=separator, encoding=text.encoding, **_roles(heads))
    if columns.came and columns.left:
        columns = replace(columns, amount="", mark="")
    else:
        columns = replace(columns, came="", left="")
    samples = [each for each in found[found.index(head) + 1 :] if len(each.cells) == len(heads)]
    return _with_signs(columns, samples, today)


def _head(found: Sequence[Row]) -> Row:
    """The row that names the columns: the first with a day and an amount among its names, else the
    first that is as wide as most. Raises NoLines, and HeadMissing where that is a line already."""
    if not found:
        raise NoLines
    for row in found:
        roles = _roles(names_of(row.cells))
        if "date" in roles and roles.keys() & {"amount", "came", "left"}:
            return row
    width = width_of(found)
    head = next(row for row in found if len(row.cells) == width)
    if any(orders_of([cell], date.max) for cell in head.cells):
        raise HeadMissing(head.line)
    return head


def _roles(heads: Sequence[str]) -> dict[str, str]:
    """The column of each role that one is found for; each column has one role at most."""
    plain = {name: _plain(name) for name in heads}
    taken: dict[str, str] = {}
    for is_exact in (True, False):
        for role, words in WORDS.items():
            if role in taken:
                continue
            name = _column(words, plain, set(taken.values()), is_exact=is_exact)
            if name:
                taken[role] = name
    return {role: taken[role] for role in ROLES if role in taken}


def _column(
    words: Sequence[str], plain: Mapping[str, str], taken: set[str], *, is_exact: bool
) -> str | None:
    for word in words:
        for name, text in plain.items():
            holds = len(word) >= LEAST_WORD and f" {word} " in f" {text} "
            if name not in taken and (text == word or (holds and not is_exact)):
                return name
    return None


def _plain(name: str) -> str:
    """Lower case, without accents and signs: "Importe (€)" is "importe"."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    bare = "".join(each for each in letters if not unicodedata.combining(each))
    return NO_WORD.sub(" ", bare).strip()


def _with_signs(columns: Columns, samples: Sequence[Row], today: date) -> Columns:
    last = today + timedelta(days=MOST_AHEAD)
    orders = orders_of(_cells(columns, samples, "date"), last) if columns.date else []
    amounts = [
        text
        for role in ("amount", "came", "left", "balance")
        for text in _cells(columns, samples, role)
    ]
    decimal, thousands = signs_of(amounts) or ("", "")
    days = orders[0] if len(orders) == 1 else ""
    return replace(columns, days=days, decimal=decimal, thousands=thousands)


def _cells(columns: Columns, samples: Sequence[Row], role: str) -> list[str]:
    place = columns.place(role)
    return [] if place is None else [row.cells[place] for row in samples if row.cells[place]]
