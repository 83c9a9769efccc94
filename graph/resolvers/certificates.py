import strawberry

from engine.names import CertificateName
from engine.secrets import Secret
from graph import lists
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import Id, Input, mutation, query
from graph.schema.certificates import Certificate
from graph.schema.loaded import listed
from graph.schema.nodes import found
from graph.subjects import InTeam


@strawberry.input(description="What uploadCertificate needs.")
class UploadCertificateInput(InTeam):
    chain: str = strawberry.field(description="The certificate, then those of its issuers, as PEM.")
    key: Secret = strawberry.field(description="Its private key as PEM, without a password.")


@strawberry.type(description="What uploadCertificate did.")
class UploadCertificatePayload(Payload):
    certificate: Certificate | None = strawberry.field(default=None, description="The certificate.")


@strawberry.input(description="What updateCertificate needs.")
class UpdateCertificateInput:
    certificate_id: strawberry.ID = strawberry.field(description="The certificate whose place it takes.")
    chain: str = strawberry.field(description="The new certificate, then those of its issuers, as PEM.")
    key: Secret = strawberry.field(description="Its private key as PEM, without a password.")


@strawberry.type(description="What updateCertificate did. Those who show it follow in the background.")
class UpdateCertificatePayload(Payload):
    certificate: Certificate | None = strawberry.field(default=None, description="The certificate as it is now.")


@strawberry.input(description="What orderCertificate needs.")
class OrderCertificateInput(InTeam):
    name: CertificateName = strawberry.field(description="The name that it shall be for.")
    resolver_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Who is asked for it; null: the default of the server. A name that has one already keeps it.",
    )


@strawberry.type(description="What orderCertificate did. The authority is asked in the background.")
class OrderCertificatePayload(Payload):
    certificate: Certificate | None = strawberry.field(default=None, description="The certificate that is wanted.")


@strawberry.input(description="What removeCertificate needs.")
class RemoveCertificateInput:
    certificate_id: strawberry.ID = strawberry.field(description="The certificate that shall go.")


@strawberry.type(description="What removeCertificate did.")
class RemoveCertificatePayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id of the certificate.")


@strawberry.input(description="What retryCertificate needs.")
class RetryCertificateInput:
    certificate_id: strawberry.ID = strawberry.field(description="The certificate that shall be tried again now.")


@strawberry.type(description="What retryCertificate did.")
class RetryCertificatePayload(Payload):
    certificate: Certificate | None = strawberry.field(default=None, description="The certificate as it is now.")


@strawberry.type
class CertificateQueries:
    @query(Action.READ, Noun.CERTIFICATE, "All certificates, oldest first.")
    async def certificates(self, info: Info) -> list[Certificate]:
        return listed(info, lists.certificates, Certificate)

    @query(Action.READ, Noun.CERTIFICATE, "The certificate with this id; null: there is none.")
    async def certificate(self, info: Info, id: Id) -> Certificate | None:
        return found(info, Certificate, id)


@strawberry.type
class CertificateMutations:
    @mutation(
        Action.CREATE,
        Noun.CERTIFICATE,
        "Bring a certificate. The HTTP proxy shows it for the https domains of its team whose names it covers, a "
        "wildcard for one label, and no certificate is ordered for them; TCP proxies can show it. Everything that is "
        "wrong with it is told at once.",
    )
    async def upload_certificate(self, info: Info, input: Input[UploadCertificateInput]) -> UploadCertificatePayload:
        row = await info.context.engine.certificates.upload(input.team_key, input.chain, input.key)
        return UploadCertificatePayload(certificate=Certificate.of(row))

    @mutation(
        Action.UPDATE,
        Noun.CERTIFICATE,
        "Try at once to get a certificate that has failed, within the limits of the authority.",
    )
    async def retry_certificate(self, info: Info, input: Input[RetryCertificateInput]) -> RetryCertificatePayload:
        key = local_id("Certificate", input.certificate_id, field=("input", "certificateId"))
        row = await info.context.engine.orders.retry(key)
        return RetryCertificatePayload(certificate=Certificate.of(row))

    @mutation(
        Action.UPDATE,
        Noun.CERTIFICATE,
        "Have another certificate in the place of one that was brought. It must cover every name that is needed. "
        "Connections that are open go on; new ones are shown the new certificate.",
    )
    async def update_certificate(self, info: Info, input: Input[UpdateCertificateInput]) -> UpdateCertificatePayload:
        key = local_id("Certificate", input.certificate_id, field=("input", "certificateId"))
        row = await info.context.engine.certificates.update(key, input.chain, input.key)
        return UpdateCertificatePayload(certificate=Certificate.of(row))

    @mutation(
        Action.CREATE,
        Noun.CERTIFICATE,
        "Have an authority give a certificate for a name, and renew it, whether or not a domain needs it: for a TCP "
        "proxy to show. The name must lead to the HTTP proxy, unless the resolver uses DNS-01.",
    )
    async def order_certificate(self, info: Info, input: Input[OrderCertificateInput]) -> OrderCertificatePayload:
        where = ("input", "resolverId")
        resolver = local_id("CertificateResolver", input.resolver_id, field=where) if input.resolver_id else None
        row = await info.context.engine.certificates.order(input.team_key, input.name, resolver)
        return OrderCertificatePayload(certificate=Certificate.of(row))

    @mutation(
        Action.REMOVE,
        Noun.CERTIFICATE,
        "Remove a certificate that nobody needs: no TCP proxy shows it, and no domain would be without one.",
    )
    async def remove_certificate(self, info: Info, input: Input[RemoveCertificateInput]) -> RemoveCertificatePayload:
        key = local_id("Certificate", input.certificate_id, field=("input", "certificateId"))
        await info.context.engine.certificates.remove(key)
        return RemoveCertificatePayload(removed_id=input.certificate_id)
