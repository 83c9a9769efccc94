from tests.graph.api.conftest import empty_database, nothing_converges

__all__ = ["empty_database", "nothing_converges"]
