"""Style sheets, scripts and pictures of the desk, all our own: compressed once, kept by browsers.

Their addresses carry a part of their hash, so a browser may keep them for a year.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

from flask import Response, request, url_for
from werkzeug.security import safe_join
from werkzeug.utils import send_from_directory

FOLDER = Path(__file__).parent / "static"
PACKED = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@cache
def _packed(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 9, mtime=0)


@cache
def _mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def send(filename: str) -> Response:
    """One of the files, compressed for browsers that read it so."""
    inside = safe_join(str(FOLDER), filename)
    path = Path(inside) if inside else None
    if path and path.suffix in PACKED and path.is_file() and request.accept_encodings["gzip"]:
        answer = Response(_packed(path), content_type=f"{PACKED[path.suffix]}; charset=utf-8")
        answer.headers["Content-Encoding"] = "gzip"
    else:
        answer = send_from_directory(FOLDER, filename, request.environ)  # type: ignore[assignment]
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def asset(filename: str) -> str:
    """The address of a file."""
    return url_for("desk.static", filename=filename, v=_mark(FOLDER / filename))
