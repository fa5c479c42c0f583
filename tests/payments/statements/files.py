"""Files of banks, made for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kit.money import Money
from payments.statements.csv_columns import Columns

SAMPLES = Path(__file__).parents[2] / "samples" / "statements"
NUMBER = "PT50000201231234567890154"
ISO = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
HEADS = ("Day", "Amount", "Who", "Text", "Id")
PLAIN = Columns(
    heads=HEADS, separator=";", encoding="utf-8", days="ymd", decimal=".", thousands="",
    date="Day", amount="Amount", party="Who", remittance="Text", bank_reference="Id",
)  # fmt: skip


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def entry(amount: str, text: str = "", **other: str) -> str:
    """An entry; what is less than 0 left. `details` are whole TxDtls, `more` other elements."""
    sign, plain = ("DBIT", amount[1:]) if amount.startswith("-") else ("CRDT", amount)
    details = other.get("details") or f"<TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
    reference = f"<AcctSvcrRef>{other['ref']}</AcctSvcrRef>" if "ref" in other else ""
    return (
        f'<Ntry><Amt Ccy="{other.get("currency", "EUR")}">{plain}</Amt>'
        f"<CdtDbtInd>{sign}</CdtDbtInd><Sts>{other.get('status', 'BOOK')}</Sts>"
        f"<BookgDt><Dt>{other.get('day', '2026-11-18')}</Dt></BookgDt>{reference}"
        f"{other.get('more', '')}<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def balance(code: str, amount: str, currency: str = "EUR") -> str:
    sign, plain = ("DBIT", amount[1:]) if amount.startswith("-") else ("CRDT", amount)
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="{currency}">{plain}</Amt><CdtDbtInd>{sign}</CdtDbtInd></Bal>'
    )


def part(*entries: str, balances: str = "", number: str = NUMBER, currency: str = "EUR") -> str:
    """One statement of a file."""
    account = f"<Acct><Id><IBAN>{number}</IBAN></Id><Ccy>{currency}</Ccy></Acct>"
    return f"<Stmt><Id>S1</Id>{account}{balances}{''.join(entries)}</Stmt>"


def camt(*parts: str, version: str = "02", namespace: str = "") -> bytes:
    """A file of these statements."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{namespace or ISO + version}">'
        f"<BkToCstmrStmt>{''.join(parts)}</BkToCstmrStmt></Document>"
    ).encode()


def lead(opening: str, closing: str) -> str:
    """The balances that lines lead from and to."""
    return balance("OPBD", opening) + balance("CLBD", closing)


def rows(*lines: Sequence[str], heads: Sequence[str] = HEADS) -> bytes:
    """A CSV file of the plain kind."""
    return "".join(";".join(each) + "\n" for each in [heads, *lines]).encode()


def money(minor: int) -> str:
    return Money(minor, "EUR").plain
