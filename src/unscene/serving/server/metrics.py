"""Counts and times for /metrics, in Prometheus' text form."""

import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from .index import PhotoIndex
from .models import Model


class Metrics:
    """The metrics of one server: nothing of the machine, nothing of what was asked."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "unscene_requests", "Requests by route and status", ("route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "unscene_request_seconds",
            "Time of a request",
            ("route",),
            registry=self._registry,
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
        )
        self._photos = Gauge("unscene_index_photos", "Photos that are searched", registry=self._registry)
        self._failed = Gauge("unscene_index_failed", "Photos that cannot be read", registry=self._registry)
        names = {
            "items": "Texts or photos that a model embedded",
            "batches": "Runs of a model; items by batches is the mean batch",
        }
        self._embedded = {
            name: Gauge(f"unscene_model_{name}", text, ("model", "kind"), registry=self._registry)
            for name, text in names.items()
        }
        self._hits = Gauge(
            "unscene_text_cache_hits", "Texts that were known already", ("model",), registry=self._registry
        )

    def tell(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def render(self, models: Mapping[str, Model], index: PhotoIndex) -> tuple[bytes, str]:
        """Return the metrics as text, and its media type."""
        self._photos.set(len(index.snapshot.photos))
        self._failed.set(index.progress.failed)
        for model in models.values():
            for kind, batcher in (("texts", model.texts), ("photos", model.photos)):
                self._embedded["items"].labels(model.name, kind).set(batcher.items)
                self._embedded["batches"].labels(model.name, kind).set(batcher.batches)
            self._hits.labels(model.name).set(model.hits)
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


class Measured:
    """ASGI middleware that counts and times each request by its route."""

    def __init__(self, app: Callable, metrics: Metrics):
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: MutableMapping[str, Any], receive: Callable, send: Callable) -> None:
        """Answer a request, and count it."""
        begun, status = time.perf_counter(), 500

        async def answer(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.tell(route, status, time.perf_counter() - begun)
