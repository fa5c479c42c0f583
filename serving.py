"""flask serve: the production server (granian, WSGI), set up for the database it talks to."""

from __future__ import annotations

import os
import sys
import tempfile

import click
from flask import current_app
from flask.cli import with_appcontext

from kit.db import is_sqlite

SQLITE_THREADS = 8
BACKLOG = 1024


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", default=2, show_default=True, help="Processes; one on SQLite.")
@with_appcontext
def serve(host: str, port: int, workers: int) -> None:
    """Serve HTTP until stopped.

    Few threads on purpose: what exceeds them waits in the server, where it holds no lock. SQLite
    has one writer at a time, so there one process lets its threads queue for it.
    """
    threads = current_app.config["WEB_THREADS"]
    if is_sqlite(current_app.config["SQLALCHEMY_DATABASE_URI"]):
        workers, threads = 1, SQLITE_THREADS
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "wsgi:create_app",
        "--host", host, "--port", str(port), "--workers", str(workers),
        "--blocking-threads", str(threads), "--backlog", str(BACKLOG), "--respawn-failed-workers",
        "--no-ws", "--log-level", "error",
    ]  # fmt: skip
    # Where the processes count together for /metrics; prometheus_client reads the variable.
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")
    click.echo(f"Serving http://{host}:{port} ({workers} x {threads} threads); /docs describes it.")
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606 - no shell, nothing of a caller in it
