"""The numbers agree with `docker stats`."""

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.docker.statistics import cpu_cores, is_first, memory_in_use, stats_sample
from engine.docker.values import StatsSample

RAW: dict[str, Any] = {
    "read": "2026-01-02T03:04:05.123456789Z",
    "cpu_stats": {"cpu_usage": {"total_usage": 4_000}, "system_cpu_usage": 20_000, "online_cpus": 4},
    "precpu_stats": {"cpu_usage": {"total_usage": 1_000}, "system_cpu_usage": 12_000, "online_cpus": 4},
    "memory_stats": {"usage": 1_000, "limit": 5_000, "stats": {"total_inactive_file": 300, "inactive_file": 1}},
    "networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 2}, "eth1": {"rx_bytes": 10, "tx_bytes": 20}},
    "blkio_stats": {
        "io_service_bytes_recursive": [
            {"op": "Read", "value": 5},
            {"op": "Write", "value": 7},
            {"op": "Total", "value": 12},
            {"op": "read", "value": 50},
            {"op": "write", "value": 70},
        ]
    },
}


def test_a_whole_sample() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)
    assert stats_sample(RAW) == StatsSample(at, 1.5, 700, 5_000, 11, 22, 55, 77)


@pytest.mark.parametrize("missing", [{}, {"networks": None, "blkio_stats": {"io_service_bytes_recursive": None}}])
def test_no_network_and_no_disk_are_zeros(missing: dict[str, Any]) -> None:
    rest = {name: part for name, part in RAW.items() if name not in ("networks", "blkio_stats")}
    sample = stats_sample(rest | missing)
    assert sample is not None
    assert (sample.network_received_bytes, sample.disk_written_bytes) == (0, 0)


def test_a_container_that_does_not_run_has_no_sample() -> None:
    assert stats_sample(RAW | {"read": "0001-01-01T00:00:00Z"}) is None
    assert stats_sample(RAW | {"memory_stats": {}}) is None


def test_the_first_sample_of_a_stream_is_known() -> None:
    assert is_first(RAW | {"precpu_stats": {"cpu_usage": {"total_usage": 0}}})
    assert not is_first(RAW)


def test_cores_are_counted_where_docker_does_not_say_how_many() -> None:
    now = {"cpu_usage": {"total_usage": 4_000, "percpu_usage": [1, 2]}, "system_cpu_usage": 20_000}
    assert cpu_cores(RAW | {"cpu_stats": now}) == 0.75


def test_counters_that_went_back_are_no_use_of_the_cpu() -> None:
    now = {"cpu_usage": {"total_usage": 0}, "system_cpu_usage": 20_000, "online_cpus": 4}
    assert cpu_cores(RAW | {"cpu_stats": now}) == 0.0


@pytest.mark.parametrize(
    ("memory", "in_use"),
    [
        ({"usage": 10, "stats": {"total_inactive_file": 4}}, 6),
        ({"usage": 10, "stats": {"inactive_file": 3}}, 7),
        ({"usage": 10, "stats": {"inactive_file": 30}}, 10),
        ({"usage": 10}, 10),
    ],
)
def test_pages_that_can_be_given_back_do_not_count(memory: dict[str, Any], in_use: int) -> None:
    assert memory_in_use(memory) == in_use


@pytest.mark.parametrize(
    ("counters", "anonymous"),
    [({"total_rss": 7, "rss": 1}, 7), ({"anon": 8}, 8), ({}, None)],
    ids=["cgroup v1", "cgroup v2", "not said"],
)
def test_memory_that_is_shared_with_nobody(counters: dict[str, int], anonymous: int | None) -> None:
    sample = stats_sample(RAW | {"memory_stats": {"usage": 10, "limit": 20, "stats": counters}})
    assert sample is not None
    assert sample.anonymous_bytes == anonymous
