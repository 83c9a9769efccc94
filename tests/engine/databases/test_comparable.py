"""What two servers with the same data say alike, whenever they are asked."""

import pytest

from engine.databases.redis import lasting_keys


@pytest.mark.parametrize(
    ("keyspace", "lasting"),
    [
        ("# Keyspace", ""),
        ("# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\n", "db0=3"),
        ("# Keyspace\r\ndb0:keys=3,expires=1,avg_ttl=59872\r\ndb7:keys=2,expires=2,avg_ttl=17", "db0=2"),
        ("# Keyspace\ndb0:keys=10,expires=4,avg_ttl=1,subexpiry=0\ndb12:keys=1,expires=0,avg_ttl=0", "db0=6 db12=1"),
    ],
)
def test_keys_that_expire_do_not_count(keyspace: str, lasting: str) -> None:
    assert lasting_keys(keyspace) == lasting
