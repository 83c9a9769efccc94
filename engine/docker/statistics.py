"""Docker's raw counters as the numbers people know from `docker stats`. Pure."""

from typing import Any

from engine.docker.facts import Json, moment
from engine.docker.values import StatsSample


def stats_sample(raw: Json) -> StatsSample | None:
    """The sample, or None where Docker says nothing because the container does not run."""
    at = moment(raw["read"])
    if at is None or not raw["memory_stats"]:
        return None
    received, sent = _network(raw)
    read, written = _disk(raw)
    return StatsSample(
        at=at,
        cpu_cores=cpu_cores(raw),
        memory_bytes=memory_in_use(raw["memory_stats"]),
        memory_limit_bytes=raw["memory_stats"].get("limit", 0),
        network_received_bytes=received,
        network_sent_bytes=sent,
        disk_read_bytes=read,
        disk_written_bytes=written,
        anonymous_bytes=_anonymous(raw["memory_stats"]),
    )


def is_first(raw: Json) -> bool:
    """Whether this is the first sample of a stream, which has nothing before it to compare with."""
    return not raw["precpu_stats"].get("system_cpu_usage")


def cpu_cores(raw: Json) -> float:
    """Cores in use between this sample and the one before; 0 where nothing can be said."""
    now, before = raw["cpu_stats"], raw["precpu_stats"]
    used = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    cores = now.get("online_cpus") or len(now["cpu_usage"].get("percpu_usage") or ())
    return used / passed * cores if used > 0 and passed > 0 else 0.0


def memory_in_use(memory: Json) -> int:
    """Memory without the pages that can be given back: cgroup v1 names them one way, v2 another."""
    usage: int = memory.get("usage", 0)
    counters = memory.get("stats") or {}
    inactive: int = counters.get("total_inactive_file", counters.get("inactive_file", 0))
    return usage - inactive if inactive < usage else usage


def _anonymous(memory: Json) -> int | None:
    counters = memory.get("stats") or {}
    # cgroup v1 calls it rss, and counts neither shared memory nor the pages of files by that name.
    anonymous: int | None = counters.get("anon", counters.get("total_rss"))
    return anonymous


def _network(raw: Json) -> tuple[int, int]:
    cards: list[dict[str, Any]] = list((raw.get("networks") or {}).values())
    return sum(card["rx_bytes"] for card in cards), sum(card["tx_bytes"] for card in cards)


def _disk(raw: Json) -> tuple[int, int]:
    rows = (raw.get("blkio_stats") or {}).get("io_service_bytes_recursive") or []
    totals = {"read": 0, "write": 0}
    for row in rows:
        if row["op"].lower() in totals:
            totals[row["op"].lower()] += row["value"]
    return totals["read"], totals["write"]
