from datetime import datetime
from typing import Self

import strawberry

from db import models
from db.models import CertificateReason, CertificateState
from graph import loaders
from graph.ids import global_id
from graph.schema.certificates import Certificate
from graph.schema.events import Event
from graph.schema.loaded import loaded


@strawberry.type(description="A certificate is further than before, or less far.")
class CertificateStateChanged(Event):
    certificate_id: strawberry.ID = strawberry.field(description="The certificate.")
    host: str = strawberry.field(description="The name that it is for.")
    state: CertificateState = strawberry.field(description="How far it is from then on.")
    reason: CertificateReason | None = strawberry.field(description="Why there is none, or no next one; else null.")
    problem: str = strawberry.field(description="The reason as a sentence; empty when there is none.")
    next_attempt_at: datetime | None = strawberry.field(description="When something is done for it next.")
    not_after: datetime | None = strawberry.field(description="Until when the one that is there is valid.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        data = row.data
        return cls.told(
            row,
            certificate_id=global_id("Certificate", row.noun_id),
            host=data["name"],
            state=CertificateState(data["state"]),
            reason=CertificateReason(data["reason"]) if data["reason"] else None,
            problem=data["problem"],
            next_attempt_at=_moment(data["nextAttemptAt"]),
            not_after=_moment(data["notAfter"]),
        )

    certificate: Certificate | None = loaded(
        "The certificate as it is now; null once it is gone.", loaders.certificate, "key"
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
