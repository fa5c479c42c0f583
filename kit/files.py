"""Files that commands write: whole or not at all, and for nobody else to read."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click


@contextmanager
def whole_file(file: str) -> Iterator[IO[str]]:
    """A text stream to the file ("-": standard output), which is there when all of it is: half an
    export must not look like a whole one."""
    if file == "-":
        out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="")
        try:
            yield out
        finally:
            out.flush()
            out.detach()
        return
    target = Path(file)
    part = target.with_name(f"{target.name}.part")
    try:
        with _opened(part, file) as out_file:
            yield out_file
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _opened(part: Path, file: str) -> IO[str]:
    """Raises click.FileError, which names the file that was asked for."""
    try:
        return open(part, "w", encoding="utf-8", newline="", opener=_private)
    except OSError as error:
        raise click.FileError(file, error.strerror) from None


def _private(path: str, flags: int) -> int:
    """Guests' names and what they paid are nobody else's to read."""
    return os.open(path, flags, 0o600)
