from enum import Enum


class DatabaseKind(Enum):
    """What a database is."""

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
