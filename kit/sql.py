"""SQL that both databases understand, for statements that are built once and run on the hot path.

PostgreSQL and SQLite both make JSON of rows, under different names: one statement can then
answer with everything a decision needs, and on PostgreSQL one statement can write all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Connection,
    Date,
    FromClause,
    FunctionElement,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    column,
    delete,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import NullType

from kit.db import Base

Query = Select[*tuple[Any, ...]]


class Spoken(FunctionElement[Any]):
    """A function that both databases have, written differently."""

    inherit_cache = True
    sqlite: str
    postgresql: str


class JsonRow(Spoken):
    """The arguments as one JSON array."""

    type = JSON()
    inherit_cache = True
    sqlite = "json_array({})"
    postgresql = "json_build_array({})"


class JsonRows(Spoken):
    """A JSON value of every row, gathered into one JSON array."""

    type = JSON()
    inherit_cache = True
    sqlite = "json_group_array({})"
    postgresql = "coalesce(json_agg({}), '[]')"


class NextId(Spoken):
    """The next id of a table, known before the INSERT so that one statement can write everything.

    On SQLite right for the one writer only, which a writing transaction is.
    """

    type = BigInteger()
    inherit_cache = True
    sqlite = "(SELECT coalesce(max(id), 0) + 1 FROM {})"
    postgresql = "nextval('{}_id_seq')"


class IsAmong(Spoken):
    """Whether the first argument is one of the numbers of a JSON array given as text."""

    type = Boolean()
    inherit_cache = True
    sqlite = "{} IN (SELECT value FROM json_each({}))"
    postgresql = "{} IN (SELECT value::bigint FROM json_array_elements_text(CAST({} AS json)))"


class IsNamed(Spoken):
    """Whether the first argument is one of the texts of a JSON array given as text."""

    type = Boolean()
    inherit_cache = True
    sqlite = "{} IN (SELECT value FROM json_each({}))"
    postgresql = "{} IN (SELECT json_array_elements_text(CAST({} AS json)))"


class IsMine(Spoken):
    """Whether this very transaction wrote a row of the table: inserted it, or changed it.

    PostgreSQL knows it of each row; SQLite has one writer, so there it says yes, and what is older
    must be told apart in another way.
    """

    type = Boolean()
    inherit_cache = True
    sqlite = "({}.rowid IS NOT NULL)"
    postgresql = "({}.xmin = CAST(pg_current_xact_id() AS xid))"


class LocalDay(Spoken):
    """The day of an instant, the first argument, at an IANA zone, the second."""

    type = Date()
    inherit_cache = True
    sqlite = "day_at({0}, {1})"
    postgresql = "CAST(timezone({1}, {0}) AS date)"


@compiles(Spoken)
def _speak(function: Spoken, compiler: SQLCompiler, **options: Any) -> str:
    arguments = [compiler.process(clause, **options) for clause in function.clauses]
    template: str = getattr(function, compiler.dialect.name)
    if template.count("{}") == 1:
        arguments = [", ".join(arguments)]
    return template.format(*arguments)


def rows_of(query: Query) -> ScalarSelect[Any]:
    """All rows of a query as one JSON value, an array of arrays in no order.

    No subquery that would name every column twice: psycopg keeps what it has parsed of a statement
    only up to 4096 characters.
    """
    one = JsonRow(*query.selected_columns)
    return query.with_only_columns(JsonRows(one), maintain_column_froms=True).scalar_subquery()


class Changes:
    """Every table and column that one use case may write, as statements built once.

    `models` are the tables; `written` maps "insert payments", "update bookings" or
    "delete booking_tags" to column names (for updates the first is the key). A change is then a
    mapping from the same names to rows. PostgreSQL takes all of it as one statement with one JSON
    document; SQLite, where a statement costs no journey, row kind by row kind.

    `within` names, for each table that is updated or deleted from, the column by which all rows of
    one write belong together (a booking's id). Without it PostgreSQL, which guesses a hundred
    rows in any document, reads the whole table instead of its index.
    """

    def __init__(
        self,
        models: Sequence[type[Base]],
        written: Mapping[str, str],
        within: Mapping[str, str],
    ) -> None:
        self._within = within
        self._tables: dict[str, Any] = {model.__tablename__: model.__table__ for model in models}
        self._names = {what: names.split() for what, names in written.items()}
        self._in_turn = {
            what: self._change(what, {name: bindparam(f"new_{name}") for name in names})
            for what, names in self._names.items()
        }
        self._at_once = self._document()

    def write(
        self, connection: Connection, whole: int, rows: Mapping[str, list[dict[str, Any]]]
    ) -> None:
        """Write the rows, all of which belong to `whole` (see `within`).

        Raises KeyError for a kind of row that was not declared."""
        filled = {what: some for what, some in rows.items() if some}
        if strange := filled.keys() - self._names.keys():
            raise KeyError(f"undeclared changes: {sorted(strange)}")
        if connection.dialect.name == "postgresql":
            connection.execute(self._at_once, {"changes": filled, "whole": whole})
            return
        for what, statement in self._in_turn.items():
            if some := filled.get(what):
                values = [{f"new_{name}": row[name] for name in self._names[what]} for row in some]
                connection.execute(statement, values)

    def _change(self, what: str, new: Any, rows: FromClause | None = None) -> Any:
        kind, table_name = what.split()
        table, names = self._tables[table_name], self._names[what]
        if kind == "delete":
            same = [table.c[name] == new[name] for name in names]
            return delete(table).where(*same, *self._belongs(table, rows))
        if kind == "update":
            values = {name: new[name] for name in names[1:]}
            same = [table.c[names[0]] == new[names[0]]]
            return update(table).where(*same, *self._belongs(table, rows)).values(values)
        if rows is None:
            return insert(table).inline().values({name: new[name] for name in names})
        return insert(table).inline().from_select(names, select(rows), include_defaults=False)

    def _belongs(self, table: Any, rows: FromClause | None) -> list[Any]:
        """Which rows a document may be about; single rows by their keys need no such help."""
        if rows is None:
            return []
        return [table.c[self._within[table.name]] == bindparam("whole", type_=BigInteger)]

    def _document(self) -> Query:
        document = select(bindparam("changes", type_=JSONB).label("rows")).cte("changes")
        parts = []
        for what, names in self._names.items():
            table = self._tables[what.split()[1]]
            typed = [column(name, table.c[name].type) for name in names]
            if unknown := [each.name for each in typed if isinstance(each.type, NullType)]:
                # A foreign key is of its target's type, which has to be there.
                raise TypeError(f"import the models that {table} points to first: {unknown}")
            rows = func.jsonb_to_recordset(document.c.rows[literal_column(f"'{what}'", Text)])
            source = rows.table_valued(*typed).render_derived(with_types=True)
            new = select(*source.c).select_from(document.join(source, true())).subquery()
            parts.append(self._change(what, new.c, new).cte(what.replace(" ", "_")))
        return select(literal_column("1")).add_cte(*parts)
