"""What is counted and traced of a real deployment."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.collector import Collector, attributes_of, collecting
from tests.docker.world import World, eventually

pytestmark = pytest.mark.docker

COUNTED = {
    "wharf_deployments_ended_total{outcome=succeeded}",
    "wharf_deployment_seconds_count{outcome=succeeded}",
    "wharf_deployment_step_seconds_count{outcome=ok,step=routing}",
    "wharf_docker_call_seconds_count{operation=POST containers/create,outcome=ok}",
    "wharf_docker_call_seconds_count{operation=POST containers/*/start,outcome=ok}",
    "wharf_events_total{kind=DEPLOYMENT_STATUS}",
    "wharf_proxy_revisions_total{result=compiled}",
    "wharf_proxy_revisions_total{result=loaded}",
    "wharf_proxy_load_seconds_count{outcome=ok}",
    "wharf_event_delivery_seconds_count",
    "wharf_graphql_operations_total{name=other,outcome=ok,transport=http,type=mutation}",
}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def traced_world(tmp_path: Path, collector: Collector) -> Iterator[World]:
    world = World(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="200")
    world.start()
    try:
        yield world
    finally:
        world.stop()
        world.uninstall()


async def test_a_deployment_is_counted_and_traced(traced_world: World, collector: Collector) -> None:
    application = await traced_world.application(await traced_world.environment("shop"), "hidden-name")
    await application.variables(PASSWORD="hunter2")
    before = await scrape(traced_world)
    await application.deploy()
    after = await scrape(traced_world)
    assert {name for name, value in after.items() if value > before.get(name, 0)} >= COUNTED
    assert after["wharf_docker_connected"] == 1
    assert after["wharf_proxies{state=running}"] == 1
    assert not [name for name in after if application.id in name or "hidden-name" in name]

    async def handed_over() -> bool:
        return bool(collector.named("deployment"))

    await eventually(handed_over)
    (deployment,) = collector.named("deployment")
    (asked,) = (span for span in collector.named("mutation other") if span.trace_id == deployment.trace_id)
    assert asked.span_id == deployment.parent_span_id
    steps = [span for span in collector.below(deployment) if span.name.startswith("deployment step ")]
    assert [span.name.split()[-1] for span in sorted(steps, key=lambda span: span.start_time_unix_nano)] == [
        "preparing",
        "starting",
        "checking",
        "routing",
        "retiring",
    ]
    (starting,) = collector.named("deployment step starting")
    assert {"docker POST containers/create", "docker POST containers/*/start"} <= {
        span.name for span in collector.below(starting)
    }
    assert collector.named("proxy delivery")
    told = {value for span in collector.spans for value in attributes_of(span).values() if isinstance(value, str)}
    assert {"sqlite", "/graphql"} <= told
    assert not [word for word in (b"hunter2", b"hidden-name", b"PASSWORD") if word in collector.received]


async def scrape(world: World) -> dict[str, float]:
    headers = {"Authorization": f"Bearer {world.token}"}
    async with httpx2.AsyncClient(headers=headers) as client:
        response = await client.get(f"http://127.0.0.1:{world.port}/metrics")
    assert response.status_code == 200
    families = text_string_to_metric_families(response.text)
    return {_named(sample.name, sample.labels): sample.value for family in families for sample in family.samples}


def _named(name: str, labels: dict[str, str]) -> str:
    shown = ",".join(f"{label}={value}" for label, value in sorted(labels.items()))
    return f"{name}{{{shown}}}" if shown else name
