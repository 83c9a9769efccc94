"""Settings: a wrong value stops the start with a sentence that names it."""

from pathlib import Path

import pytest
import yaml

from engine.accounts.mail import MailSettings
from engine.dns.values import DnsServer
from wharf.people import people_settings
from wharf.server import engine_settings
from wharf.settings import Settings, SettingsInvalid, load_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("WHARF_")]:
        monkeypatch.delenv(name)


def test_the_defaults() -> None:
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.http_port, settings.https_port) == (80, 443)
    assert settings.database == f"sqlite:///{Path('data').absolute() / 'wharf.db'}"
    assert settings.docker_host is None
    assert settings.log_level == "info"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WHARF_LISTEN", "8000", "must be host:port"),
        ("WHARF_LISTEN", "localhost:http", "must be host:port"),
        ("WHARF_HTTP_PORT", "0", "must be at least 1"),
        ("WHARF_HTTP_PORT", "eighty", "must be a whole number"),
        ("WHARF_HTTPS_PORT", "65536", "must be at most 65535"),
        ("WHARF_DATABASE_URL", "postgresql://db/wharf", "sqlite"),
        ("WHARF_DATABASE_URL", "sqlite://", "must name a file"),
        ("WHARF_DATABASE_URL", "::", "must be a URL"),
        ("WHARF_DATA_DIRECTORY", "~nobody-of-this-name/data", "there is no such user"),
        ("WHARF_DOCKER_HOST", "/var/run/docker.sock", "unix:// or tcp://"),
        ("WHARF_PROXY_ADDRESS", "localhost", "does not appear to be an IPv4 or IPv6 address"),
        ("WHARF_NETWORK_POOL", "10.0.0.1/16", "has host bits set"),
        ("WHARF_NETWORK_POOL", "8.8.0.0/16", "must be a private IPv4 network"),
        ("WHARF_NETWORK_POOL", "10.0.0.0/25", "must be a private IPv4 network"),
        ("WHARF_TRUSTED_PROXIES", "traefik", "does not appear to be an IPv4 or IPv6 network"),
        ("WHARF_TRUSTED_PROXIES", "10.0.0.1/8", "has host bits set"),
        ("WHARF_TRUSTED_PROXIES", "10.0.0.1,0.0.0.0/0", "must not be everybody"),
        ("WHARF_DNS_SERVERS", "one.one.one.one", "does not appear to be an IPv4 or IPv6 address"),
        ("WHARF_METRICS_NETWORKS", "localhost", "does not appear to be an IPv4 or IPv6 network"),
        ("WHARF_METRICS_NETWORKS", "0.0.0.0/0", "must not be everybody"),
        ("WHARF_DNS_SERVERS", "1.1.1.1:0", "must be addresses such as"),
        ("WHARF_DNS_SERVERS", "1.1.1.1,,", "does not appear to be an IPv4 or IPv6 address"),
        ("WHARF_EVENTS_KEPT", "10", "must be at least 1000"),
        ("WHARF_LOG_LEVEL", "loud", "must be 'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name}={value!r} cannot be used: ")
    assert words in str(caught.value)


def test_a_wrong_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHARF_SECRET_KEY", "hunter2")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    assert str(caught.value).startswith("WHARF_SECRET_KEY cannot be used: must be 32 random bytes in Base64")
    assert "hunter2" not in str(caught.value) + str(caught.value.__cause__)


def test_a_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "A" * 43 + "="
    monkeypatch.setenv("WHARF_SECRET_KEY", f"{key}, {key}")
    settings = load_settings()
    assert settings.secret_key is not None
    assert key in settings.secret_key.reveal()
    assert key not in repr(settings) + str(settings) + repr(engine_settings(settings))
    monkeypatch.setenv("WHARF_SECRET_KEY", "")
    assert load_settings().secret_key is None


def test_trusted_proxies_are_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().proxies == []
    monkeypatch.setenv("WHARF_TRUSTED_PROXIES", " 10.0.0.2, fd00::/64,,")
    assert load_settings().proxies == ["10.0.0.2/32", "fd00::/64"]


def test_dns_servers_are_addresses_and_may_have_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().dns_server_list == ()
    monkeypatch.setenv("WHARF_DNS_SERVERS", "1.1.1.1, 127.0.0.1:8053, 2606:4700::1111, [::1]:54, [::2]")
    assert engine_settings(load_settings()).dns_servers == (
        DnsServer("1.1.1.1"),
        DnsServer("127.0.0.1", 8053),
        DnsServer("2606:4700::1111"),
        DnsServer("::1", 54),
        DnsServer("::2"),
    )


def test_two_wrong_values_are_both_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHARF_LISTEN", "nowhere")
    monkeypatch.setenv("WHARF_LOG_LEVEL", "loud")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    assert len(str(caught.value).splitlines()) == 2


def test_the_two_ports_of_the_proxy_must_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHARF_HTTP_PORT", "443")
    with pytest.raises(SettingsInvalid, match="WHARF_HTTP_PORT and WHARF_HTTPS_PORT must differ"):
        load_settings()


def test_every_setting_is_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    missing = [name for name in Settings.model_fields if f"`WHARF_{name.upper()}`" not in readme]
    assert missing == []


def test_every_setting_that_means_something_in_a_container_reaches_it() -> None:
    compose = yaml.safe_load((Path(__file__).parents[2] / "compose.yaml").read_text())
    decided = {"listen", "data_directory", "database_url", "docker_host"}  # by the image and by compose.yaml itself
    names = compose["services"]["wharfinger"]["environment"]
    passed_on = {name.removeprefix("WHARF_").lower() for name in names if name.startswith("WHARF_")}
    assert passed_on == Settings.model_fields.keys() - decided


MAIL = {"WHARF_SMTP_URL": "smtps://ann:hunter%402@mail.example.com", "WHARF_MAIL_FROM": "Wharf@Example.com"}
PUBLIC = {"WHARF_PUBLIC_URL": "https://wharf.example.com/"}
OIDC = {"WHARF_OIDC_ISSUER": "https://id.example.com/", "WHARF_OIDC_CLIENT_ID": "wharf"}


def given(monkeypatch: pytest.MonkeyPatch, *settings: dict[str, str]) -> Settings:
    for each in settings:
        for name, value in each.items():
            monkeypatch.setenv(name, value)
    return load_settings()


def test_mail_and_single_sign_on_are_told_to_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {"WHARF_OIDC_CLIENT_SECRET": "hunter3"}
    people = people_settings(given(monkeypatch, MAIL, PUBLIC, OIDC, secret))
    assert people.public_url == "https://wharf.example.com"
    assert people.mail == MailSettings("mail.example.com", 465, "wharf@example.com", True, "ann", "hunter@2")
    assert people.oidc
    assert people.oidc.redirect_uri == "https://wharf.example.com/auth/oidc/callback"
    assert (people.oidc.issuer, people.oidc.client_secret) == ("https://id.example.com/", "hunter3")
    assert "hunter" not in repr(people)
    assert "hunter" not in repr(load_settings())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ([MAIL], "WHARF_SMTP_URL needs WHARF_PUBLIC_URL too."),
        ([MAIL, PUBLIC, {"WHARF_MAIL_FROM": ""}], "WHARF_SMTP_URL needs WHARF_MAIL_FROM too."),
        ([OIDC], "WHARF_OIDC_ISSUER needs WHARF_PUBLIC_URL too."),
        ([{"WHARF_SMTP_URL": "hunter2@mail"}], "WHARF_SMTP_URL cannot be used: must be smtp://host:port or "),
        (
            [{"WHARF_SMTP_URL": "smtp://ann:hunter2@mail:x"}],
            "WHARF_SMTP_URL cannot be used: must be smtp://host:port or ",
        ),
        ([{"WHARF_MAIL_FROM": "wharf"}], "WHARF_MAIL_FROM='wharf' cannot be used: must be an e-mail address"),
        ([{"WHARF_PUBLIC_URL": "wharf.example.com"}], "cannot be used: must be an address such as https://"),
        ([{"WHARF_PUBLIC_URL": "https://example.com/wharf"}], "cannot be used: must have no path"),
        ([PUBLIC, OIDC, {"WHARF_OIDC_ISSUER": "http://id.example.com"}], "cannot be used: must begin with https://"),
    ],
)
def test_what_mail_and_single_sign_on_lack_is_said(
    monkeypatch: pytest.MonkeyPatch, settings: list[dict[str, str]], words: str
) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        given(monkeypatch, *settings)
    assert words in str(refused.value)
    assert "hunter" not in str(refused.value)
