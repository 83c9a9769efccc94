from datetime import datetime

from sqlmodel import Field, SQLModel

from db.models.columns import moment_column, sealed_column


class Instance(SQLModel, table=True):
    """This installation: one row. Its id stands in the labels of everything it makes on a Docker host.

    `key_proof` is an empty text under the key that encrypts; `key_wanted`: another one is asked for. `proxy_keys`,
    which never change, are what the proxies know us by.
    """

    __tablename__ = "instance"

    id: str = Field(primary_key=True)
    key_proof: str = sealed_column("instance:key")
    key_wanted: bool = False
    proxy_keys: str | None = sealed_column("instance:proxies", default=None)
    created_at: datetime = moment_column()
