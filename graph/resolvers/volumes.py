import strawberry

from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.application_inputs import VolumeInput
from graph.resolvers.fields import Input, mutation
from graph.schema.applications import Application
from graph.schema.volumes import Volume


@strawberry.input(description="What addVolume needs.")
class AddVolumeInput(VolumeInput):
    application_id: strawberry.ID = strawberry.field(description="The application whose containers shall find it.")


@strawberry.type(description="What addVolume did.")
class AddVolumePayload(Payload):
    volume: Volume | None = strawberry.field(default=None, description="The new volume.")


@strawberry.input(description="What removeVolume needs.")
class RemoveVolumeInput:
    volume_id: strawberry.ID = strawberry.field(description="The volume that shall no longer be mounted.")


@strawberry.type(description="What removeVolume did.")
class RemoveVolumePayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that the volume had.")
    application: Application | None = strawberry.field(default=None, description="The application that had it.")


@strawberry.type
class VolumeMutations:
    @mutation(Action.UPDATE, Noun.APPLICATION, "Give an application a volume, from the next deployment on.")
    async def add_volume(self, info: Info, input: Input[AddVolumeInput]) -> AddVolumePayload:
        key = local_id("Application", input.application_id, field=("input", "applicationId"))
        row = await info.context.engine.applications.add_volume(key, input.draft())
        return AddVolumePayload(volume=Volume.of(row))

    @mutation(
        Action.UPDATE,
        Noun.APPLICATION,
        "Take a volume from its application, from the next deployment on. What it holds stays on the server.",
    )
    async def remove_volume(self, info: Info, input: Input[RemoveVolumeInput]) -> RemoveVolumePayload:
        key = local_id("Volume", input.volume_id, field=("input", "volumeId"))
        row = await info.context.engine.applications.remove_volume(key)
        return RemoveVolumePayload(removed_id=input.volume_id, application=Application.of(row))
