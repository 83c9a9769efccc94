"""A whole installation for tests: a real server process, real Docker, a real proxy, asked through the API only."""

from tests.docker.application import Application
from tests.docker.database import Database
from tests.docker.installation import WHARF, Answer, Failed, Installation, Reply, eventually

__all__ = ["WHARF", "Answer", "Application", "Database", "Failed", "Reply", "World", "eventually"]


class World(Installation):
    """An installation, and what it is given to run."""

    async def environment(self, name: str) -> str:
        """The id of a new environment in a project of its own."""
        project = await self.do("createProject", "project { id }", name=name)
        made = await self.do(
            "createEnvironment", "environment { id }", projectId=project["project"]["id"], name="production"
        )
        return str(made["environment"]["id"])

    async def application(self, environment_id: str, name: str, /, **fields: object) -> Application:
        """A new application of the sample image, with the domain `<name>.test`."""
        wanted = {
            "name": name,
            "image": "wharf-sample:1",
            "pullPolicy": "IF_NOT_PRESENT",
            "port": 8000,
            "stopGracePeriod": "5s",
            **fields,
        }
        made = await self.do("createApplication", "application { id }", environmentId=environment_id, **wanted)
        application = Application(self, made["application"]["id"], f"{name}.test")
        if wanted["port"] is not None:
            await self.do("addDomain", applicationId=application.id, url=f"http://{application.host}")
        return application

    async def database(self, environment_id: str, kind: str, name: str, /, **fields: object) -> Database:
        """A new database that is on its way up."""
        made = await self.do(
            "createDatabase", "database { id }", environmentId=environment_id, kind=kind, name=name, **fields
        )
        return Database(self, made["database"]["id"], name)
