from typing import cast

import strawberry

from engine.domains import DomainChanges
from engine.names import Hostname, PathPrefix
from graph import loaders
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.changes import changes
from graph.resolvers.fields import Input, mutation, query
from graph.schema.domains import Domain

_ID = ("input", "domainId")


@strawberry.input(description="What addDomain needs.")
class AddDomainInput:
    application_id: strawberry.ID = strawberry.field(description="The application that requests shall go to.")
    host: Hostname = strawberry.field(description="The host name.")
    path_prefix: PathPrefix = strawberry.field(
        default=PathPrefix("/"), description="The beginning of the paths it is about; / is all."
    )
    strip_prefix: bool = strawberry.field(
        default=False, description="Whether the application shall see the path without that beginning."
    )


@strawberry.type(description="What addDomain did.")
class AddDomainPayload(Payload):
    domain: Domain | None = strawberry.field(default=None, description="The new domain.")


@strawberry.input(description="What updateDomain needs. What is left out stays as it is.")
class UpdateDomainInput:
    domain_id: strawberry.ID = strawberry.field(description="The domain to change.")
    host: strawberry.Maybe[Hostname | None] = strawberry.field(description="The host name.")
    path_prefix: strawberry.Maybe[PathPrefix | None] = strawberry.field(
        description="The beginning of the paths it is about; / is all."
    )
    strip_prefix: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether the application shall see the path without that beginning."
    )


@strawberry.type(description="What updateDomain did.")
class UpdateDomainPayload(Payload):
    domain: Domain | None = strawberry.field(default=None, description="The domain as it is now.")


@strawberry.input(description="What removeDomain needs.")
class RemoveDomainInput:
    domain_id: strawberry.ID = strawberry.field(description="The domain that shall go.")


@strawberry.type(description="What removeDomain did.")
class RemoveDomainPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that the domain had.")


@strawberry.type
class DomainQueries:
    @query(Action.READ, Noun.DOMAIN, "All domains, by host name and path.")
    async def domains(self, info: Info) -> list[Domain]:
        return [Domain.of(row) for row in await info.context.read(loaders.domains)]


@strawberry.type
class DomainMutations:
    @mutation(Action.CREATE, Noun.DOMAIN, "Have the requests for a host name go to an application.")
    async def add_domain(self, info: Info, input: Input[AddDomainInput]) -> AddDomainPayload:
        key = local_id("Application", input.application_id, field=("input", "applicationId"))
        row = await info.context.engine.domains.add(key, input.host, input.path_prefix, input.strip_prefix)
        return AddDomainPayload(domain=Domain.of(row))

    @mutation(Action.UPDATE, Noun.DOMAIN, "Change which requests a domain is about.")
    async def update_domain(self, info: Info, input: Input[UpdateDomainInput]) -> UpdateDomainPayload:
        key = local_id("Domain", input.domain_id, field=_ID)
        wanted = cast(DomainChanges, changes(input))
        return UpdateDomainPayload(domain=Domain.of(await info.context.engine.domains.update(key, wanted)))

    @mutation(Action.REMOVE, Noun.DOMAIN, "Send no more requests for a host name to its application.")
    async def remove_domain(self, info: Info, input: Input[RemoveDomainInput]) -> RemoveDomainPayload:
        await info.context.engine.domains.remove(local_id("Domain", input.domain_id, field=_ID))
        return RemoveDomainPayload(removed_id=input.domain_id)
