import pytest

from tests.graph.api.conftest import Api


async def test_a_project_and_its_environments_can_be_read_by_name(api: Api) -> None:
    project_id = await api.project()
    for name in ("staging", "production"):
        await api.do("createEnvironment", "environment { id }", projectId=project_id, name=name)
    data = await api.ask("{ projects { id name environments { name project { name } } } }")
    assert data["projects"] == [
        {
            "id": project_id,
            "name": "shop",
            "environments": [
                {"name": "production", "project": {"name": "shop"}},
                {"name": "staging", "project": {"name": "shop"}},
            ],
        }
    ]


async def test_projects_and_environments_are_renamed_and_removed(api: Api) -> None:
    environment_id = await api.environment()
    project_id = (await api.ask("{ projects { id } }"))["projects"][0]["id"]

    renamed = await api.do("updateProject", "project { name }", projectId=project_id, name="store")
    assert renamed == {"project": {"name": "store"}}
    renamed = await api.do("updateEnvironment", "environment { name }", environmentId=environment_id, name="live")
    assert renamed == {"environment": {"name": "live"}}

    assert await api.refused("removeProject", projectId=project_id) == [("CONFLICT", ["input", "projectId"])]
    assert await api.do("removeEnvironment", "removedId", environmentId=environment_id) == {
        "removedId": environment_id
    }
    assert await api.do("removeProject", "removedId", projectId=project_id) == {"removedId": project_id}
    assert await api.ask("{ projects { id } }") == {"projects": []}


async def test_a_name_can_be_taken(api: Api) -> None:
    environment_id = await api.environment()
    other = await api.project("blog")
    taken = [("NAME_TAKEN", ["input", "name"])]
    assert await api.refused("createProject", name="shop") == taken
    assert await api.refused("updateProject", projectId=other, name="shop") == taken
    project_id = (await api.ask("query($id: ID!) { environment(id: $id) { project { id } } }", id=environment_id))[
        "environment"
    ]["project"]["id"]
    assert await api.refused("createEnvironment", projectId=project_id, name="production") == taken


@pytest.mark.parametrize("field", ["project", "environment", "application", "deployment", "release", "server"])
async def test_what_does_not_exist_is_null(api: Api, field: str) -> None:
    domain_kind = "RG9tYWluOjAxbTgzM3o1MTExN3pnajhxaHk2MXZlN3dk"  # the id of a Domain that nobody has
    for given in ("nonsense", domain_kind):
        for name in (field, "node"):
            data = await api.ask(f"query($id: ID!) {{ {name}(id: $id) {{ id }} }}", id=given)
            assert data == {name: None}


async def test_everything_with_a_page_is_a_node(api: Api, application_id: str) -> None:
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="http://shop.example.com")
    await api.do("createApiToken", "apiToken { id }", name="laptop")
    data = await api.ask(
        "{ projects { id environments { id applications { id domains { id } server { id } } } } apiTokens { id } }"
    )
    project = data["projects"][0]
    environment = project["environments"][0]
    application = environment["applications"][0]
    things = {
        "Project": project,
        "Environment": environment,
        "Application": application,
        "Domain": application["domains"][0],
        "Server": application["server"],
        "ApiToken": data["apiTokens"][0],
    }
    for kind, thing in things.items():
        found = await api.ask("query($id: ID!) { node(id: $id) { __typename id } }", id=thing["id"])
        assert found["node"] == {"__typename": kind, "id": thing["id"]}


async def test_an_id_of_another_kind_is_not_found(api: Api) -> None:
    environment_id = await api.environment()
    missing = [("NOT_FOUND", ["input", "projectId"])]
    assert await api.refused("updateProject", projectId=environment_id, name="store") == missing
    assert await api.refused("removeProject", projectId="nonsense") == missing
    assert await api.refused("createEnvironment", projectId=environment_id, name="x") == missing
    missing = [("NOT_FOUND", ["input", "environmentId"])]
    assert await api.refused("updateEnvironment", environmentId="nonsense", name="x") == missing
    assert await api.refused("removeEnvironment", environmentId="nonsense") == missing


async def test_an_environment_with_applications_stays(api: Api) -> None:
    environment_id = await api.environment()
    await api.application(environment_id=environment_id)
    assert await api.refused("removeEnvironment", environmentId=environment_id) == [
        ("CONFLICT", ["input", "environmentId"])
    ]


async def test_a_name_of_the_wrong_form_says_where_it_stands(api: Api) -> None:
    assert await api.refused("createProject", name="My Shop") == [("INVALID_INPUT", ["input", "name"])]
