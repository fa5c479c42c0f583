"""CAMT.053: what is read of it, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Refused
from payments.statements.reading import ReadStatement, read_statement
from payments.statements.reading_camt import account_of
from payments.statements.reading_errors import (
    DocumentTypePresent,
    LineWrong,
    NoLines,
    NotAStatement,
    SeveralAccounts,
    StatementBroken,
    StatementIncomplete,
    WrongAccount,
    WrongCurrency,
)
from tests.payments.statements.files import (
    ISO,
    NUMBER,
    balance,
    camt,
    entry,
    lead,
    money,
    part,
    sample,
)


def read(data: bytes, currency: str = "EUR", number: str = NUMBER) -> ReadStatement:
    return read_statement(data, currency, number, None)


def test_a_realistic_file_is_read_line_by_line() -> None:
    found = read(sample("camt053.xml"))

    assert [(each.amount, each.party, each.reference) for each in found.lines] == [
        (36300, "Ana Sousa / Rui Sousa", "A1234.56"),
        (30000, "Maria Silva", "RF18539007547034"),
        (25000, "John Smith", "E-77"),
        (-990, "", ""),
        (-20000, "Jo Brown", "REFUND-6003"),
        (20000, "Jo Brown", "REFUND-6003"),
    ]
    assert (found.opening, found.closing) == (100000, 190310)
    assert (found.from_day, found.to_day) == (date(2026, 11, 18), date(2026, 11, 19))
    assert (found.number, found.identifier) == (NUMBER, "2026-118 … 2026-119")
    assert (found.skipped.pending, found.skipped.zero) == (1, 1)


def test_a_line_keeps_what_the_bank_says_of_it() -> None:
    ana, _maria, john, fee, refund, returned = read(sample("camt053.xml")).lines

    assert ana.party_account == "PT50003506510004567890111"
    assert ana.remittance == "Casa Azul, reservation A1234.56 deposit"
    assert (ana.booked_on, ana.valued_on) == (date(2026, 11, 18), date(2026, 11, 19))
    assert ana.bank_reference == "2611180000471"
    assert john.remittance == '=HYPERLINK("http://example.com")'  # a text, and stays one
    assert fee.remittance == "ACCOUNT FEE"
    assert refund.party_account == "12345612345678"
    assert (returned.booked_on, returned.remittance) == (date(2026, 11, 19), "ACCOUNT CLOSED")


@pytest.mark.parametrize(
    "namespace",
    [*(f"{ISO}{version}" for version in ("02", "04", "08", "12")),
     "http://www.six-interbank-clearing.com/de/camt.053.001.04.xsd"],
)  # fmt: skip
def test_every_version_and_namespace_is_read(namespace: str) -> None:
    data = camt(part(entry("10.00"), balances=lead("0.00", "10.00")), namespace=namespace)

    assert [each.amount for each in read(data).lines] == [1000]


def test_a_message_may_stand_in_an_envelope() -> None:
    inside = camt(part(entry("10.00"))).decode().partition("?>")[2]

    found = read(f'<Batch xmlns="urn:example:batch">{inside}</Batch>'.encode())

    assert [each.amount for each in found.lines] == [1000]


@pytest.mark.long
@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=8), st.integers(-(10**9), 10**9))
def test_lines_that_lead_from_one_balance_to_the_other_are_read_and_others_never(
    amounts: list[int], opening: int
) -> None:
    entries = [entry(money(each)) for each in amounts] + [entry("0.01")]
    closing = opening + sum(amounts) + 1

    found = read(camt(part(*entries, balances=lead(money(opening), money(closing)))))

    assert found.opening is not None
    assert found.opening + sum(each.amount for each in found.lines) == found.closing
    with pytest.raises(StatementIncomplete):
        read(camt(part(*entries[:-1], balances=lead(money(opening), money(closing)))))


def test_statements_of_a_file_must_follow_one_another() -> None:
    first = part(entry("10.00", day="2026-11-18"), balances=lead("0.00", "10.00"))
    gap = part(entry("5.00", day="2026-11-20"), balances=lead("30.00", "35.00"))

    with pytest.raises(StatementIncomplete, match=r"ends with 10\.00 EUR.*begins with 30\.00 EUR"):
        read(camt(gap, first))


def test_a_file_without_balances_is_read_without_them() -> None:
    found = read(camt(part(entry("10.00"))))

    assert (found.opening, found.closing) == (None, None)


def detail(amount: str, name: str) -> str:
    return (
        f'<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls><RltdPties>'
        f"<Dbtr><Nm>{name}</Nm></Dbtr></RltdPties>"
        f"<RmtInf><Ustrd>for {name}</Ustrd></RmtInf></TxDtls>"
    )


def test_the_transactions_of_a_batch_are_lines_of_their_own() -> None:
    batch = entry("30.00", details=detail("10.00", "Ana") + detail("20.00", "Rui"))

    found = read(camt(part(batch)))

    assert [(each.amount, each.party) for each in found.lines] == [(1000, "Ana"), (2000, "Rui")]


def test_a_batch_that_does_not_add_up_is_one_line_with_all_it_is_for() -> None:
    batch = entry("30.00", details=detail("10.00", "Ana") + detail("19.00", "Rui"))

    [line] = read(camt(part(batch))).lines

    assert (line.amount, line.party, line.remittance) == (3000, "", "for Ana for Rui")


def test_a_reversal_names_the_other_side_whatever_the_bank_makes_of_it() -> None:
    us = f"<DbtrAcct><Id><IBAN>{NUMBER}</IBAN></Id></DbtrAcct>"
    parties = f"<Dbtr><Nm>Agency</Nm></Dbtr>{us}<Cdtr><Nm>Jo Brown</Nm></Cdtr>"
    details = f"<TxDtls><RltdPties>{parties}</RltdPties></TxDtls>"

    marked = read(camt(part(entry("9.00", details=details, more="<RvslInd>true</RvslInd>"))))
    unmarked = read(camt(part(entry("9.00", details=details))))

    assert [each.lines[0].party for each in (marked, unmarked)] == ["Jo Brown", "Jo Brown"]
    assert marked.lines[0].amount == 900  # the sign is that of the entry itself


def test_what_is_not_booked_yet_is_no_line() -> None:
    data = camt(part(entry("10.00"), entry("7.00", status="PDNG"), balances=lead("0.00", "10.00")))

    found = read(data)

    assert [each.amount for each in found.lines] == [1000]
    assert found.skipped.pending == 1


def test_decimals_are_those_of_the_currency() -> None:
    yen = camt(part(entry("1000", currency="JPY"), currency="JPY"))

    assert read(yen, "JPY").lines[0].amount == 1000
    assert read(camt(part(entry("12.50000")))).lines[0].amount == 1250
    with pytest.raises(LineWrong, match="EUR has 2 decimals"):
        read(camt(part(entry("12.505"))))


def test_what_looks_like_a_card_number_is_hidden_but_for_its_end() -> None:
    data = camt(part(entry("10.00", "Card 4111 1111 1111 1111, thanks")))

    assert read(data).lines[0].remittance == "Card **** **** **** 1111, thanks"


# --- refused -----------------------------------------------------------------------------------


def bomb(depth: int = 10) -> str:
    """Entities that make billions of letters of a few."""
    entities = "".join(
        f'<!ENTITY e{place} "{f"&e{place - 1};" * 10}">' for place in range(1, depth)
    )
    return f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>'


@pytest.mark.parametrize("use", ["in text", "in an attribute", "nowhere", "from a file"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_before_it_can_do_harm(use: str, encoding: str) -> None:
    text = "&e9;" if use == "in text" else ""
    attribute = ' x="&e9;"' if use == "in an attribute" else ""
    kind = bomb()
    if use == "from a file":
        kind, text = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>', "&f;"
    document = (
        f'{kind}<Document xmlns="{ISO}02"{attribute}><BkToCstmrStmt>'
        f"{part(entry('10.00', text))}</BkToCstmrStmt></Document>"
    )

    with pytest.raises((DocumentTypePresent, StatementBroken)):
        read(document.encode(encoding))


def test_a_file_that_was_cut_off_is_refused_wherever_that_was() -> None:
    whole = sample("camt053.xml").rstrip()

    for end in range(200, len(whole), 397):
        with pytest.raises((StatementBroken, NotAStatement)):
            read(whole[:end])


def test_the_account_must_be_this_one() -> None:
    data = camt(part(entry("10.00"), number="DE89370400440532013000"))

    with pytest.raises(WrongAccount, match=f"DE89370400440532013000.*must be one of {NUMBER}"):
        read(data)
    assert account_of(data) == "DE89370400440532013000"


def test_a_bank_may_call_the_account_by_its_short_number() -> None:
    named = camt(part(entry("10.00"))).replace(
        f"<IBAN>{NUMBER}</IBAN>".encode(), b"<Othr><Id>0012 3456 789</Id></Othr>"
    )

    assert read(named).lines[0].amount == 1000
    with pytest.raises(WrongAccount):
        read(named.replace(b"0012 3456 789", b"0012 3456 780"))


def test_a_file_of_several_accounts_is_refused() -> None:
    data = camt(part(entry("1.00")), part(entry("1.00"), number="DE89370400440532013000"))

    with pytest.raises(SeveralAccounts, match="several accounts"):
        read(data)


@pytest.mark.parametrize(
    "data",
    [
        camt(part(entry("10.00"), currency="USD")),
        camt(part(entry("10.00", currency="USD"))),
        camt(part(entry("10.00"), balances=balance("OPBD", "1.00", "USD"))),
    ],
    ids=["account", "entry", "balance"],
)
def test_the_currency_must_be_that_of_the_account(data: bytes) -> None:
    with pytest.raises(WrongCurrency, match=r"currency is USD; that of the account is EUR"):
        read(data)


def test_all_wrong_entries_are_told_with_their_lines() -> None:
    data = camt(part(entry("ten") + "\n", entry("1.00", day="18.11.2026") + "\n",
                     entry("1.00", status="")))  # fmt: skip

    with pytest.raises(Refused) as refused:
        read(data)

    assert [str(each) for each in refused.value.problems] == [
        "Entry at line 1: the amount is 'ten'; it must be as 1015.00.",
        "Entry at line 2: the day is '18.11.2026'; it must be as 2026-11-20.",
        "Entry at line 3: it has no status (Sts); it must be BOOK for what is booked.",
    ]


def test_of_many_wrong_entries_the_first_are_told_and_how_many_more() -> None:
    with pytest.raises(Refused) as refused:
        read(camt(part(*[entry("x")] * 40)))

    assert len(refused.value.problems) == 13
    assert str(refused.value.problems[-1]) == "28 more lines are wrong in the same file."


@pytest.mark.parametrize(
    ("name", "what"),
    [("camt.052", "report of the day so far"), ("camt.054", "notification"), ("pain.001", "kind")],
)
def test_other_messages_of_the_family_are_told_apart(name: str, what: str) -> None:
    data = camt(part(entry("10.00"))).replace(b"camt.053", name.encode())

    with pytest.raises(NotAStatement, match=what):
        read(data)


def test_a_statement_without_a_line_is_refused() -> None:
    with pytest.raises(NoLines):
        read(camt(part(balances=lead("5.00", "5.00"))))
