from tests.graph.api.conftest import api

__all__ = ["api"]
