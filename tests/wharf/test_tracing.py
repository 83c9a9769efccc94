"""Traces: what is in them, and that they cost nothing where nobody wants them."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import Receive, Scope, Send

from graph.traced import TracedRequests
from tests.collector import attributes_of, collecting
from tests.conftest import free_port
from tests.wharf.shell import Shell
from wharf.settings import SettingsInvalid, load_tracing_settings
from wharf.tracing import OtlpTracing

CAUSE = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRETS = ("HisSecretName", "hunter2", "nobody@example.com", "there/is/no/such/file.txt")
QUERY = 'query HisSecretName { node(id: "hunter2") { id } }'


def ask(shell: Shell, path: str, body: object = None, **headers: str) -> int:
    token = shell.run("token", "create", "--name", "laptop").stdout.strip()
    request = urllib.request.Request(
        f"http://{shell.settings['WHARF_LISTEN']}{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def test_a_request_is_traced_from_what_caused_it_down_to_the_database(shell: Shell) -> None:
    with collecting() as collector:
        shell.settings |= {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "quay"}
        with shell.serving() as server:
            ask(
                shell,
                "/graphql",
                {"query": QUERY, "variables": {"a": SECRETS[2]}},
                traceparent="00-{}-{}-01".format(*CAUSE),
            )
            assert ask(shell, f"/{SECRETS[3]}") == 404
            assert ask(shell, "/readyz") == 200
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=20)
    assert collector.services == {"quay"}
    (request,) = collector.named("POST /graphql")
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == CAUSE
    assert attributes_of(request) == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
    }
    (operation,) = collector.named("query other")
    assert operation.parent_span_id == request.span_id
    assert attributes_of(operation)["graphql.operation.type"] == "query"
    assert {span.name for span in collector.below(request)} >= {"query other", "database read"}
    (lost,) = collector.named("GET other")
    assert attributes_of(lost)["http.response.status_code"] == 404
    assert not [span for span in collector.spans if "readyz" in span.name]
    assert [secret for secret in SECRETS if secret.encode() in collector.received] == []


def test_a_collector_that_is_not_there_holds_up_nothing(shell: Shell) -> None:
    shell.settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{free_port()}"
    with shell.serving() as server:
        assert ask(shell, "/graphql", {"query": "{ eventCursor }"}) == 200
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=10)
        assert server.returncode == 0


async def test_a_stream_of_events_is_traced_until_it_begins() -> None:
    exporter = InMemorySpanExporter()
    tracing = OtlpTracing(exporter, "quay")

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        with tracing.detail("before"):
            pass
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        with tracing.detail("while it lasts"):
            pass
        raise ConnectionResetError

    async def nothing(*_: object) -> Any: ...

    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": []}
    with pytest.raises(ConnectionResetError):
        await TracedRequests(app, tracing, ["/graphql"])(scope, nothing, nothing)
    tracing.close()
    assert [span.name for span in exporter.get_finished_spans()] == ["before", "POST /graphql"]


def test_nothing_of_it_is_loaded_where_nobody_wants_it() -> None:
    program = """
import sys
import wharf.server
from wharf.settings import load_tracing_settings
from wharf.tracing import tracing_for
tracing = tracing_for(load_tracing_settings())
loaded = {name.partition(".")[0] for name in sys.modules}
print(tracing.on, sorted(loaded & {"opentelemetry", "google", "prometheus_client"}))
"""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run([sys.executable, "-c", program], env=plain, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False []"


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False),
    ],
)
def test_the_variables_of_opentelemetry_say_whether_traces_are_wanted(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], wanted: bool
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert load_tracing_settings().wanted is wanted


@pytest.mark.parametrize("more", [("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_TRACES_EXPORTER", "console")])
def test_what_is_not_spoken_is_told(monkeypatch: pytest.MonkeyPatch, more: tuple[str, str]) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318")
    monkeypatch.setenv(*more)
    with pytest.raises(SettingsInvalid, match=r"^Traces are handed over by OTEL_TRACES_EXPORTER=otlp and http/"):
        load_tracing_settings()
