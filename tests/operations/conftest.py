from tests.graph.api.conftest import nothing_converges

__all__ = ["nothing_converges"]
