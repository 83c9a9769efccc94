from tests.graph.api.conftest import api, empty_database

__all__ = ["api", "empty_database"]
