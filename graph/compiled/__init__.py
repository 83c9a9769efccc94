"""Executes the operations of a Strawberry schema column by column; see `graph.compiled.executor`."""

from graph.compiled.executor import CompilingExecutor, plainly
from graph.compiled.fields import MADE, Batched, Made, Reads, ViewOf

__all__ = ["MADE", "Batched", "CompilingExecutor", "Made", "Reads", "ViewOf", "plainly"]
