"""Several machines that start a new release at once, each with the migrations first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.processes.conftest import run, settings_for


def test_machines_that_migrate_at_once_wait_for_each_other(
    new_postgres: Callable[[str], str], tmp_path: Path
) -> None:
    uri = new_postgres("at_once")
    settings = settings_for(uri, tmp_path)

    with ThreadPoolExecutor(3) as machines:
        list(machines.map(lambda _: run(settings, "db", "upgrade"), range(3)))

    engine = create_engine(uri)
    with engine.connect() as connection:
        valid = connection.scalars(
            text("SELECT indisvalid FROM pg_index WHERE indrelid = 'outbox'::regclass")
        ).all()
        versions = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
        names = connection.scalars(
            text("SELECT indexname FROM pg_indexes WHERE tablename = 'outbox'")
        ).all()
    engine.dispose()
    assert all(valid)
    assert len(versions) == 1
    assert {"ix_outbox_due_at", "ix_outbox_receiver"} < set(names)
    assert not [name for name in names if name.endswith("_new")]
