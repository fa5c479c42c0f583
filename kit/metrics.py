"""/metrics for Prometheus: requests by route and status, how long they took, and the backlog.

Several web processes count together in the folder of PROMETHEUS_MULTIPROC_DIR, which `flask
serve` makes; the worker's backlog is read from the database when somebody asks.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Callable, Iterable, Mapping

import structlog
from flask import Flask, Response, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from kit import form
from kit.log import failure, method_name

LOOPBACK = ("127.0.0.1", "::1")

REQUESTS = Counter("http_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "http_request_seconds",
    "Time from the first line of a request to its answer.",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)

Backlog = Callable[[], Mapping[str, float]]


def init_app(app: Flask, backlog: Backlog) -> None:
    """Count requests and answer /metrics. `backlog`: names and values of gauges, read on demand."""

    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        REQUESTS.labels(method_name(), route, response.status_code).inc()
        if "began" in g:
            SECONDS.labels(route).observe(time.perf_counter() - g.began)
        return response

    def metrics() -> Response:
        if not _may_read():
            return form.refusal(403, [(None, "forbidden", "Metrics are not for everybody.")])
        registry = CollectorRegistry()
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(_Own())
        registry.register(_Gauges(backlog))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    app.add_url_rule("/metrics", "metrics", metrics)


def _may_read() -> bool:
    """With the bearer token of the setting; without one, from this machine and not through a
    proxy on it, whose own address would be all we see."""
    token = current_app.config["METRICS_TOKEN"]
    if token is not None:
        return hmac.compare_digest(
            request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()
        )
    proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.remote_addr in LOOPBACK and not proxied


class _Own(Collector):
    """What this one process has counted."""

    def collect(self) -> Iterable[Metric]:
        return REGISTRY.collect()


class _Gauges(Collector):
    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog

    def collect(self) -> Iterable[Metric]:
        try:
            found = self._backlog()
        except SQLAlchemyError as error:
            # Requests are counted all the same, and now is when somebody looks.
            structlog.get_logger().warning("backlog_unknown", **failure(error))
            return
        for name, value in found.items():
            yield GaugeMetricFamily(name, name.replace("_", " "), value=value)
