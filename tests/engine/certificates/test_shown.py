"""Which certificate is shown for which name: that of its own team, and never another's."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.certificates.shown import OwnCertificate, SecureName, covers, shown

END = datetime(2030, 1, 1, tzinfo=UTC)


def own(key: str, team: str, *names: str, days: int = 0) -> OwnCertificate:
    return OwnCertificate(key, team, names, END + timedelta(days=days), "", "")


def chosen(certificates: list[OwnCertificate], names: list[SecureName]) -> dict[str, str]:
    return {host: each.id for host, each in shown(certificates, names).by_host.items()}


def test_a_certificate_is_shown_for_the_names_of_its_team_that_it_covers() -> None:
    names = [SecureName(host, "ours") for host in ("a.test", "b.a.test", "c.b.a.test", "other.test")]
    assert chosen([own("1", "ours", "a.test", "*.a.test")], names) == {"a.test": "1", "b.a.test": "1"}
    assert chosen([own("1", "ours", "*.a.test")], [SecureName("*.a.test", "ours")]) == {"*.a.test": "1"}
    assert chosen([own("1", "theirs", "a.test")], names) == {}


def test_the_very_name_comes_before_a_wildcard_and_the_fresher_before_the_older() -> None:
    names = [SecureName("b.a.test", "ours")]
    wildcard, older, newer = own("1", "ours", "*.a.test", days=9), own("2", "ours", "b.a.test"), "b.a.test"
    assert chosen([wildcard, older], names) == {"b.a.test": "2"}
    assert chosen([wildcard, older, own("0", "ours", newer, days=1)], names) == {"b.a.test": "0"}


def test_one_that_has_the_name_of_another_team_is_left_out_and_told_so() -> None:
    names = [SecureName("a.test", "ours"), SecureName("b.test", "theirs")]
    found = shown([own("1", "theirs", "b.test", "a.test"), own("2", "theirs", "b.test")], names)
    assert found.by_host["b.test"].id == "2"
    assert found.withheld == {
        "1": "It is for a.test too, a domain of another team: the proxy would show it there.",
    }


def test_of_two_teams_with_one_wildcard_the_first_has_it_and_the_names_of_the_other_get_a_stand_in() -> None:
    names = [SecureName("a.x.test", "ours"), SecureName("b.x.test", "theirs"), SecureName("c.x.test", "theirs", True)]
    found = shown([own("1", "ours", "*.x.test"), own("2", "theirs", "*.x.test")], names)
    assert {host: each.id for host, each in found.by_host.items()} == {"a.x.test": "1"}
    assert found.withheld == {
        "2": "The proxy shows the certificate of another team for *.x.test, and can have but one."
    }
    assert found.strangers == ("b.x.test",), "c has one from an authority, which comes before a wildcard"


HOSTS = st.sampled_from(["a.test", "b.a.test", "c.a.test", "*.a.test", "*.test", "b.test"])
TEAMS = st.sampled_from(["one", "two", "three"])


@given(
    st.lists(st.tuples(TEAMS, st.sets(HOSTS, min_size=1, max_size=3), st.integers(0, 3)), max_size=6),
    st.dictionaries(HOSTS, st.tuples(TEAMS, st.booleans()), max_size=6),
)
def test_traefik_finds_no_certificate_of_another_team(
    given_certificates: list[tuple[str, set[str], int]], given_names: dict[str, tuple[str, bool]]
) -> None:
    names = [SecureName(host, team, ordered) for host, (team, ordered) in sorted(given_names.items())]
    certificates = [own(str(n), team, *sorted(of), days=d) for n, (team, of, d) in enumerate(given_certificates)]
    found = shown(certificates, names)
    in_store = [(name, each.team_id) for each in found.certificates for name in each.names]
    in_store += [(host, "nobody") for host in found.strangers]
    in_store += [(name.host, name.team_id) for name in names if name.ordered]
    for name in names:
        label, _, parent = name.host.partition(".")
        exact = {team for host, team in in_store if host == name.host}
        wildcard = {team for host, team in in_store if label != "*" and host == f"*.{parent}"}
        assert (exact or wildcard) <= {name.team_id, "nobody"}
        if name.host in found.by_host:
            assert covers(found.by_host[name.host].names, name.host)
            assert found.by_host[name.host].team_id == name.team_id
