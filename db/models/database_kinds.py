"""Which databases there are."""

from enum import Enum


class DatabaseKind(Enum):
    """A database server that we know how to run; `engine.databases.catalogue` has all about each."""

    POSTGRESQL = "POSTGRESQL"
    MYSQL = "MYSQL"
    MARIADB = "MARIADB"
    MONGODB = "MONGODB"
    REDIS = "REDIS"
    VALKEY = "VALKEY"
    KEYDB = "KEYDB"
    DRAGONFLY = "DRAGONFLY"
    CLICKHOUSE = "CLICKHOUSE"
    COUCHDB = "COUCHDB"
