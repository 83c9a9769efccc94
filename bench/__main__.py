"""`make bench`: measures through the public API, prints a table, writes bench/results.json and draws docs/bench.svg.

python -m bench                       everything
python -m bench deploy_ratio …        only these figures; the others stay as they were
python -m bench --quick               few samples, to see that it works; writes nothing

A figure that misses its limit is a result. The exit code is 1 only when something could not be measured.
"""

import argparse
import asyncio
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from bench import (
    dashboard_query,
    deploy,
    event_latency,
    fanout,
    idle,
    redeploy,
    route_change,
    subscribers,
    tcp_proxy,
    under_load,
)
from bench.conditions import conditions
from bench.picture import picture
from bench.report import Figure, save, table
from bench.sizes import FULL, QUICK, Sizes

_RESULTS = Path(__file__).with_name("results.json")
_PICTURE = Path(__file__).parents[1] / "docs" / "bench.svg"
_MEASUREMENTS: dict[tuple[str, ...], Callable[[Sizes], Awaitable[list[Figure]]]] = {
    ("deploy_ratio",): deploy.measure,
    ("redeploy_wrong_answers",): redeploy.measure,
    ("route_change_ratio", "route_change_p95_ms"): route_change.measure,
    ("event_latency_ms_1", "event_latency_ms_1000"): event_latency.measure,
    ("dashboard_query_ratio",): dashboard_query.measure,
    ("fanout_ratio", "fanout_last_delay_ratio"): fanout.measure,
    ("subscriber_idle_kib", "subscribers_idle_cpu_percent"): subscribers.measure,
    ("mutation_p99_ratio",): under_load.measure,
    ("tcp_proxy_ratio",): tcp_proxy.measure_transactions,
    ("tcp_proxy_private_mib",): tcp_proxy.measure_memory,
    ("idle_private_mib", "idle_cpu_percent"): idle.measure,
}

NAMES = [name for each in _MEASUREMENTS for name in each]


async def bench(wanted: set[str], sizes: Sizes) -> tuple[list[Figure], list[str]]:
    """The wanted figures, and the names of those that could not be measured."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    figures: list[Figure] = []
    failed: list[str] = []
    for names, measure in _MEASUREMENTS.items():
        chosen = [name for name in names if name in wanted]
        if not chosen:
            continue
        print(f"measuring {', '.join(chosen)}", flush=True)
        try:
            figures += [figure for figure in await measure(sizes) if figure.name in wanted]
        except Exception:  # noqa: BLE001  the other figures can still be measured
            traceback.print_exc()
            failed += chosen
    return figures, failed


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure, print a table, write results.json and docs/bench.svg."
    )
    parser.add_argument("figures", nargs="*", metavar="NAME", help=f"only these of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="few samples, to see that it works; writes nothing")
    options = parser.parse_args()
    if unknown := set(options.figures) - set(NAMES):
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    taken_on = uvloop.run(conditions())
    figures, failed = uvloop.run(bench(set(options.figures or NAMES), QUICK if options.quick else FULL))
    print(f"\n{taken_on.machine}\n{taken_on.versions}\n\n{table(figures)}")
    for name in failed:
        print(f"{name} could not be measured; why is above.")
    if not options.quick:
        _PICTURE.write_text(picture(save(figures, taken_on, _RESULTS)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
