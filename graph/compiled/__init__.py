"""Executes the operations of a Strawberry schema column by column; see `graph.compiled.executor`."""

from graph.compiled.executor import CompilingExecutor, plainly
from graph.compiled.fields import MADE, Asked, Batched, Made, Reads, ViewOf, asked

__all__ = ["MADE", "Asked", "Batched", "CompilingExecutor", "Made", "Reads", "ViewOf", "asked", "plainly"]
