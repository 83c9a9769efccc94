"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a run takes its figures from."""

    deployments: int = 20
    redeploys: int = 20
    requests: int = 100_000
    domains: int = 100
    route_changes: int = 40
    subscribers: int = 1000
    events: int = 15
    fanout_runs: int = 15
    idle_subscribers: int = 5_000
    fed_subscribers: int = 500
    mutations: int = 1_000
    mutation_rounds: int = 5
    query_rounds: int = 9
    query_seconds: int = 4
    transactions: int = 25_000
    transaction_runs: int = 40
    tcp_proxies: int = 20
    applications: int = 100
    idle_seconds: float = 30.0


FULL = Sizes()
QUICK = Sizes(
    deployments=3,
    redeploys=2,
    requests=12_000,
    domains=10,
    route_changes=5,
    subscribers=100,
    events=4,
    fanout_runs=3,
    idle_subscribers=500,
    fed_subscribers=50,
    mutations=100,
    mutation_rounds=2,
    query_rounds=3,
    query_seconds=2,
    transactions=10_000,
    transaction_runs=3,
    tcp_proxies=3,
    applications=10,
    idle_seconds=5.0,
)
