"""flask serve: the production server (granian, WSGI), set up for the database it talks to."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from kit.db import is_sqlite

SQLITE_THREADS = 8
BACKLOG = 1024


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port to listen on.",
)
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(1),
    help="Processes; one on SQLite.",
)
@with_appcontext
def serve(host: str, port: int, workers: int) -> None:
    """Serve HTTP until stopped.

    Few threads on purpose: what exceeds them waits in the server, where it holds no lock. SQLite
    has one writer at a time, so there one process lets its threads queue for it.
    """
    _check_free(host, port)
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
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_empty_folder(f"metrics-{port}"))
    click.echo(f"Serving http://{host}:{port} ({workers} x {threads} threads); /docs describes it.")
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606 - no shell, nothing of a caller in it


def _check_free(host: str, port: int) -> None:
    """End when somebody listens there already: granian would share the port, and two services
    would each get half of the payments."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = str(error.strerror).lower()
            raise click.ClickException(
                f"Cannot listen on {host}:{port} ({reason}); choose another with --port"
                " (make demo PORT=8001)."
            ) from None


def _empty_folder(name: str) -> Path:
    """A folder of this installation that holds nothing of an earlier run."""
    folder = Path(current_app.instance_path) / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
