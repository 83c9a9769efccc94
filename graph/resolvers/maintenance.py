import strawberry

from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import Input, mutation
from graph.schema.application_enums import MaintenanceMode
from graph.schema.applications import Application

_ID = ("input", "applicationId")


@strawberry.input(description="What setMaintenance needs.")
class SetMaintenanceInput:
    application_id: strawberry.ID = strawberry.field(description="The application that is worked on.")
    mode: MaintenanceMode = strawberry.field(description="What its visitors shall meet.")
    message: str = strawberry.field(
        default="", description="What the page shall tell them, as plain text; nothing: that it will be back soon."
    )


@strawberry.type(description="What setMaintenance did. The proxy follows within moments.")
class SetMaintenancePayload(Payload):
    application: Application | None = strawberry.field(default=None, description="The application as it is now.")


@strawberry.type
class MaintenanceMutations:
    @mutation(
        Action.UPDATE,
        Noun.APPLICATION,
        "Have the visitors of an application meet a page, or wait, while somebody works on it; or let them in again.",
    )
    async def set_maintenance(self, info: Info, input: Input[SetMaintenanceInput]) -> SetMaintenancePayload:
        key = local_id("Application", input.application_id, field=_ID)
        row = await info.context.engine.maintenance.set(key, input.mode, input.message)
        return SetMaintenancePayload(application=Application.of(row))
