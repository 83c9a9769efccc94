from datetime import datetime

from sqlmodel import Field, SQLModel

from db.models.columns import moment_column


class Instance(SQLModel, table=True):
    """This installation: one row. Its id stands in the labels of everything it makes on a Docker host.

    `key_proof` is a ciphertext that only the right key opens.
    """

    __tablename__ = "instance"

    id: str = Field(primary_key=True)
    key_proof: str
    created_at: datetime = moment_column()
