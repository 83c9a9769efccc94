"""What an authority allows, and that the database is asked for exactly that."""

from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from db.models import (
    ApiToken,
    Application,
    Certificate,
    Database,
    DatabaseDump,
    DatabaseKind,
    Domain,
    Environment,
    Event,
    EventKind,
    Membership,
    Project,
    Role,
    Server,
    Team,
    User,
    now,
)
from db.sessions import Sessions
from engine.accounts.authority import (
    ALL,
    EVERYTHING,
    INSTALLATION,
    NOTHING,
    Action,
    Allowance,
    Authority,
    Noun,
    Place,
)
from engine.accounts.roles import ADMINISTRATOR, ROLES, SETUP
from engine.accounts.visible import SEATS, place_of, sees, visible, visible_events

TEAM, PROJECT, ENVIRONMENT = Place("t1"), Place("t1", "p1"), Place("t1", "p1", "e1")
ELSEWHERE = Place("t1", "p2", "e2")
OTHERS = Place("t2", "p3", "e3")
PLACES = [INSTALLATION, TEAM, PROJECT, ENVIRONMENT, ELSEWHERE, OTHERS, Place("t2")]
TABLES = [
    *(Team, Membership, Project, Environment, Application, Domain, Database, DatabaseDump, Certificate, Server),
    ApiToken,
]
READ, DEPLOY = (Action.READ, Noun.APPLICATION), (Action.DEPLOY, Noun.APPLICATION)


def allowing(place: Place, *permissions: tuple[Action, Noun]) -> Authority:
    return Authority.of({Allowance(frozenset(permissions or ALL), place)})


def test_what_is_allowed_in_a_place_is_allowed_in_all_that_lies_in_it() -> None:
    for outer, inner in ((INSTALLATION, OTHERS), (TEAM, PROJECT), (TEAM, ENVIRONMENT), (PROJECT, ENVIRONMENT)):
        assert allowing(outer).allows(*DEPLOY, inner)
        assert not allowing(inner).allows(*DEPLOY, outer)


def test_nothing_is_allowed_beside_it() -> None:
    for place in (TEAM, PROJECT, ENVIRONMENT):
        assert not allowing(place).allows(*READ, OTHERS)
    assert not allowing(PROJECT).allows(*READ, ELSEWHERE)
    assert not NOTHING.allows(*READ, ENVIRONMENT)


def test_who_is_let_into_a_project_may_read_the_team_and_the_project_and_change_neither() -> None:
    inside = allowing(ENVIRONMENT)
    assert inside.allows(Action.READ, Noun.TEAM, TEAM)
    assert inside.allows(Action.READ, Noun.PROJECT, PROJECT)
    assert inside.allows(Action.READ, Noun.CERTIFICATE, TEAM)
    for action, noun in product(Action, (Noun.TEAM, Noun.PROJECT)):
        assert action is Action.READ or not inside.allows(action, noun, TEAM)
        assert action is Action.READ or not inside.allows(action, noun, PROJECT)
    assert not inside.allows(Action.READ, Noun.PROJECT, Place("t1", "p2"))
    assert not inside.allows(Action.READ, Noun.MEMBERSHIP, TEAM)


def test_everybody_with_a_team_may_read_servers_and_resolvers_and_nothing_else_of_the_installation() -> None:
    allowed = {permission for permission in ALL if allowing(TEAM).allows(*permission, INSTALLATION)}
    assert allowed == {(Action.READ, Noun.SERVER), (Action.READ, Noun.CERTIFICATE_RESOLVER)}


def test_nobody_gives_more_than_they_have() -> None:
    given_away = Authority.of({Allowance(ALL)}, within=allowing(TEAM, READ))
    assert given_away.allows(*READ, ENVIRONMENT)
    assert not given_away.allows(*DEPLOY, ENVIRONMENT)
    assert not given_away.allows(*READ, OTHERS)
    assert not given_away.allows_somewhere(*DEPLOY)


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_all_that_the_ones_below_it_may(role: Role) -> None:
    below = list(Role)[list(Role).index(role) + 1 :]
    assert all(ROLES[role] > ROLES[lower] for lower in below)


def test_viewers_change_nothing_and_see_no_secrets() -> None:
    assert {action for action, _ in ROLES[Role.VIEWER]} == {Action.READ}


def test_an_administrator_is_not_let_into_what_teams_run() -> None:
    running = {Noun.PROJECT, Noun.ENVIRONMENT, Noun.APPLICATION, Noun.DATABASE, Noun.CERTIFICATE, Noun.API_TOKEN}
    assert not {noun for _, noun in ADMINISTRATOR} & running
    assert not {noun for _, noun in SETUP} - {Noun.API_TOKEN, Noun.USER}


AUTHORITIES = st.builds(
    lambda allowances, within: Authority.of(allowances, Authority.of(within) if within else None),
    st.sets(
        st.builds(
            Allowance,
            st.sampled_from([ALL, ADMINISTRATOR, *ROLES.values(), frozenset({READ}), frozenset({DEPLOY})]),
            st.sampled_from(PLACES),
        ),
        max_size=3,
    ),
    st.sets(st.builds(Allowance, st.sampled_from([ALL, *ROLES.values()]), st.sampled_from(PLACES)), max_size=2),
)


@pytest.fixture
async def furnished(sessions: Sessions) -> Sessions:
    await sessions.write(furnish)
    return sessions


def furnish(session: Session) -> None:
    """A thing of most kinds in every place there is."""
    server = Server(id="s", name="local")
    session.add_all([server, Team(id="t1", name="us"), Team(id="t2", name="them")])
    session.add_all([User(id=f"u{n}", email=f"{n}@example.com", name=str(n)) for n in (1, 2)])
    session.flush()
    for team, project, environment in (("t1", "p1", "e1"), ("t1", "p2", "e2"), ("t2", "p3", "e3")):
        session.add(Project(id=project, team_id=team, name=project))
        session.flush()
        session.add(Environment(id=environment, team_id=team, project_id=project, name="production"))
        session.flush()
        application = Application(environment_id=environment, server_id="s", name="web", image="web:1")
        session.add(application)
        session.flush()
        session.add(Domain(application_id=application.id, server_id="s", host=f"{project}.example.com"))
        session.add(
            Database(
                environment_id=environment,
                server_id="s",
                name="db",
                kind=DatabaseKind.REDIS,
                version="7.0",
                username="",
                password="",
                database_name="",
            )
        )
        place = Place(team, project, environment)._asdict()
        session.add(
            DatabaseDump(
                database_id="d", name="db", kind=DatabaseKind.REDIS, version="7.0", database_name="", **place
            )
        )
        session.add(ApiToken(name="ci", hash=environment, **place))
        session.add(Event(kind=EventKind.CREATED, noun="Application", noun_id=application.id, **place))
    for number, team in ((1, "t1"), (2, "t2")):
        session.add(Membership(user_id=f"u{number}", team_id=team, role=Role.OWNER))
        session.add(Certificate(team_id=team, issuer="", chain="", key="", not_before=now(), not_after=now()))
        session.add(Event(kind=EventKind.CREATED, noun="Team", noun_id=team, team_id=team))
    session.add(ApiToken(name="root", hash="root"))
    session.add(Event(kind=EventKind.SERVER_STATE, noun="Server", noun_id="s"))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(AUTHORITIES)
def test_the_database_gives_exactly_what_may_be_read(furnished: Sessions, authority: Authority) -> None:
    furnished.read_now(agrees, authority)


def test_an_authority_over_everything_sees_everything(furnished: Sessions) -> None:
    furnished.read_now(agrees, EVERYTHING)


def agrees(session: Session, authority: Authority) -> None:
    for table in TABLES:
        _agrees(session, authority, table)
    shown = set(session.exec(select(Event.sequence).where(visible_events(authority))))
    assert shown == {event.sequence for event in session.exec(select(Event)) if sees(event, authority)}


def _agrees(session: Session, authority: Authority, table: Any) -> None:
    shown = {row.id for row in session.exec(select(table).where(visible(table, authority)))}
    noun = SEATS[table].noun
    for row in session.exec(select(table)):
        place = place_of(session, table.__name__, row.id)
        assert place is not None
        assert (row.id in shown) == authority.allows(Action.READ, noun, place), (table, place)
