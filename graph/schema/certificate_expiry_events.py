from datetime import datetime
from typing import Self

import strawberry

from db import models
from graph import loaders
from graph.ids import global_id
from graph.schema.certificates import Certificate
from graph.schema.events import Event
from graph.schema.loaded import loaded


@strawberry.type(description="A certificate is about to end, and there is none yet to take its place.")
class CertificateExpires(Event):
    certificate_id: strawberry.ID = strawberry.field(description="The certificate.")
    days_left: int = strawberry.field(
        description="The warning that it is: 21, 7 or 1 day before the end. Each is given once, and of several that "
        "were missed the last. One made for less than twice as long has no such warning."
    )
    not_after: datetime = strawberry.field(description="When it ends.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(
            row,
            certificate_id=global_id("Certificate", row.noun_id),
            days_left=row.data["daysLeft"],
            not_after=datetime.fromisoformat(row.data["notAfter"]),
        )

    certificate: Certificate | None = loaded(
        "The certificate as it is now; null once it is gone.", loaders.certificate, "key"
    )
