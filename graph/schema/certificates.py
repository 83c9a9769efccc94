from datetime import datetime

import strawberry

from db import models
from graph.ids import Node, global_id
from graph.schema.rows import of_row


@strawberry.type(description="A certificate that somebody brought. Its private key cannot be read.")
class Certificate(Node):
    names: list[str] = strawberry.field(description="The hosts that it is for.")
    issuer: str = strawberry.field(description="Who has signed it.")
    chain: str = strawberry.field(description="It, and the certificates of its issuers, as PEM.")
    not_before: datetime | None = strawberry.field(description="From when on it is valid.")
    not_after: datetime | None = strawberry.field(description="Until when it is valid.")
    created_at: datetime = strawberry.field(description="When it was brought.")

    @classmethod
    def of(cls, row: models.Certificate) -> "Certificate":
        return of_row(cls, row, id=global_id("Certificate", row.id))
