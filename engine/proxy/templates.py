"""What stands in proxy_templates/, parsed once. Every pattern handed out is a copy, to be filled."""

import copy
import html
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import orjson
import yaml

Pattern = dict[str, Any]


def static_pattern() -> Pattern:
    """static.yml."""
    pattern: Pattern = orjson.loads(_packed_whole("static.yml"))
    return pattern


def http_pattern(section: str, name: str) -> Pattern:
    """One example of http.yml: `http_pattern("routers", "domain")`."""
    pattern: Pattern = orjson.loads(_packed(section, name))
    return pattern


def foreign_pattern(name: str) -> Pattern:
    """One example of a middleware of foreign.yml: `foreign_pattern("redirect")`."""
    pattern: Pattern = copy.deepcopy(_parsed("foreign.yml")["http"]["middlewares"][name])
    return pattern


def tls_pattern(section: str) -> Pattern:
    """The first example in a list of the TLS section of http.yml: `tls_pattern("certificates")`."""
    pattern: Pattern = copy.deepcopy(_parsed("http.yml")["tls"][section][0])
    return pattern


def tcp_static_pattern() -> Pattern:
    """tcp_static.yml."""
    return copy.deepcopy(_parsed("tcp_static.yml"))


def tcp_pattern(*path: str) -> Any:
    """One example of tcp.yml, wherever it stands: `tcp_pattern("tcp", "routers", "plain")`."""
    found: Any = _parsed("tcp.yml")
    for name in path:
        found = found[name]
    return copy.deepcopy(found)


def page(heading: str, text: str) -> str:
    """A holding page in HTML; both are shown as they are, whatever they hold."""
    return _page().format(heading=html.escape(heading), text=html.escape(text))


def page_text(name: str) -> str:
    """What the holding page of this name tells, of pages.yml."""
    text: str = _parsed("pages.yml")[name]
    return text


@cache
def plugin_files() -> tuple[tuple[str, bytes], ...]:
    """The holding plugin's source: (name, content), sorted."""
    return tuple(sorted((file.name, file.read_bytes()) for file in (_templates() / "plugin").iterdir()))


@cache
def _page() -> str:
    """page.html, to be formatted."""
    shell = (_templates() / "page.html").read_text("utf-8").replace("{", "{{").replace("}", "}}")
    return shell.replace("<!-- heading -->", "{heading}").replace("<!-- text -->", "{text}")


@cache
def _packed_whole(name: str) -> bytes:
    return orjson.dumps(_parsed(name))


@cache
def _packed(section: str, name: str) -> bytes:
    # Thousands of copies are made for one document: unpacking JSON is ten times faster than copy.deepcopy.
    return orjson.dumps(_parsed("http.yml")["http"][section][name])


@cache
def _parsed(name: str) -> Pattern:
    parsed: Pattern = yaml.safe_load((_templates() / name).read_text("utf-8"))
    return parsed


def _templates() -> Traversable:
    return files("proxy_templates")
