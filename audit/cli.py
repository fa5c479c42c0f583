"""flask audit: prove the event log."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click
from sqlalchemy.orm import Session

from audit.chain import Head
from audit.recording import chain
from audit.verifying import count_entries, entries, verify
from kit.commands import Commands
from kit.db import reading
from kit.progress import progress

Heads = Callable[[Session], Iterator[tuple[int, Head]]]


def audit_group(heads: Sequence[Heads]) -> Commands:
    """`heads`: where chains end, by whoever keeps them, each in the order of the chains' ids."""
    group = Commands("audit", help="The event log.")

    @group.command("verify")
    def verify_command() -> None:
        """Prove that no entry was changed or removed; name the first broken one of a chain."""
        count = 0
        with reading() as session, progress() as bar:
            task = bar.add_task("entries", total=count_entries(session))

            def counted() -> Iterator[Any]:
                nonlocal count
                for row in entries(session):
                    count += 1
                    bar.advance(task)
                    yield row

            every = itertools.chain.from_iterable(each(session) for each in heads)
            broken = list(verify(chain(), every, counted()))
        for each in broken:
            click.echo(f"BROKEN  {each}", err=True)
        if broken:
            raise SystemExit(1)
        click.echo(f"The event log is whole: {count} entries.")

    return group
