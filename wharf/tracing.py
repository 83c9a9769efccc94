"""Traces for a collector that speaks OTLP over HTTP. Its libraries are imported only where traces are wanted."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from engine.tracing import NO_TRACES, Attributes, SpanKind, Tracing
from wharf.settings import SettingsInvalid, TracingSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

_LAST_SECONDS = 3.0  # for what was not yet handed over when we end
_EXPORTER = "opentelemetry.exporter.otlp.proto.http"


def tracing_for(settings: TracingSettings) -> Tracing:
    """What takes traces, if the settings want them. Raises `SettingsInvalid`."""
    if not settings.wanted:
        return NO_TRACES
    if not _installed():
        raise SettingsInvalid(f"{settings.wanted_by} needs more packages: pip install 'wharfinger[tracing]'.")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OtlpTracing(OTLPSpanExporter(), settings.service_name)


def _installed() -> bool:
    try:
        return find_spec(_EXPORTER) is not None
    except ModuleNotFoundError:
        return False


class OtlpTracing(Tracing):
    """Hands spans over in batches, from a thread of its own.

    How much is sampled, what else is said of this process and where all of it goes, the library reads from the
    environment itself (OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_HEADERS, …).
    """

    on = True

    def __init__(self, exporter: "SpanExporter", service: str) -> None:
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        resource = Resource.create({"service.name": service, "service.version": version("wharfinger")})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("wharfinger", version("wharfinger"))
        self._extract = TraceContextTextMapPropagator().extract
        self._trace = trace
        self._kinds: dict[SpanKind, trace.SpanKind] = {
            "internal": trace.SpanKind.INTERNAL,
            "client": trace.SpanKind.CLIENT,
            "server": trace.SpanKind.SERVER,
        }

    @contextmanager
    def span(
        self,
        name: str,
        kind: SpanKind = "internal",
        attributes: Attributes | None = None,
        carrier: Mapping[str, str] | None = None,
    ) -> Iterator[None]:
        # What an error says may have been typed by somebody: only its class is told.
        with self._tracer.start_as_current_span(
            name,
            context=self._extract(carrier) if carrier else None,
            kind=self._kinds[kind],
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
            end_on_exit=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                if span.is_recording():
                    span.set_attribute("error.type", type(error).__name__)
                    if not isinstance(error, asyncio.CancelledError):
                        span.set_status(self._trace.StatusCode.ERROR)
                raise
            finally:
                self._end(span)

    def detail(
        self, name: str, kind: SpanKind = "internal", attributes: Attributes | None = None
    ) -> AbstractContextManager[object]:
        if not self._trace.get_current_span().is_recording():
            return super().detail(name, kind, attributes)
        return self.span(name, kind, attributes)

    def note(self, attributes: Attributes) -> None:
        self._trace.get_current_span().set_attributes(attributes)

    def finish(self) -> None:
        self._end(self._trace.get_current_span())

    @staticmethod
    def _end(span: "Span") -> None:
        if span.is_recording():
            span.end()

    def close(self) -> None:
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(_LAST_SECONDS)
