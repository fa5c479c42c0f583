"""An application behind a real server, for tests that call it as others would."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import make_server


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of the application, on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    # Looks often whether it shall stop: each test would end with half a second of waiting.
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
