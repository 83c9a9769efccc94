"""How a subscription follows the event log."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import FieldNode, VariableNode, Visitor, visit


@dataclass
class Following:
    """Where an operation begins, what it does when it has told everything, and how far it is.

    `wait` is as a `Wait` of the event log, and is given before it the names of the variables that the answers
    depend on. None: wait until there is news.
    """

    start: int | None = None  # None: where the client says
    wait: Callable[[frozenset[str], int], Awaitable[int | None]] | None = None
    told: int = 0  # the number of the event whose answer is being made, or was made last


def decisive_variables(info: strawberry.Info[Any, Any]) -> frozenset[str]:
    """All variables that an operation uses, but those that are the `after` of its root field and nothing else."""
    raw = info._raw_info
    used = _Variables()
    for node in (raw.operation.selection_set, *(raw.operation.directives or ()), *raw.fragments.values()):
        visit(node, used)
    used.times.subtract(name for field in raw.field_nodes for name in _afters(field))
    return frozenset(+used.times)


def _afters(field: FieldNode) -> Iterator[str]:
    for argument in field.arguments or ():
        if argument.name.value == "after" and isinstance(argument.value, VariableNode):
            yield argument.value.name.value


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.times: Counter[str] = Counter()

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.times[node.name.value] += 1
