"""The configuration that users write, checked as far as that is possible without the server.

Each check raises one InvalidInput for the first line that is wrong, naming it. What a check lets through can still be
refused by the server, which then does not start and says why in its log.
"""

import configparser
import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import yaml

from engine.errors import InvalidInput

MAX_BYTES = 64 * 1024

Check = Callable[[str], None]
Assignments = Callable[[str], Iterator[tuple[int, str]]]


def checker(assignments: Assignments, *ours: str) -> Check:
    """A check of text in which `assignments` finds names by line; those of `ours` are not the user's to set."""
    kept = frozenset(map(plain, ours))

    def check(text: str) -> None:
        check_text(text)
        for line, name in assignments(text):
            if plain(name) in kept:
                raise wrong(line, f"{name} is set by Wharfinger and cannot be changed")

    return check


def plain(name: str) -> str:
    """How servers compare names: case, hyphens and underscores make no difference."""
    return name.lower().replace("-", "_")


def check_text(text: str) -> None:
    """Raises InvalidInput for what no configuration file may be."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InvalidInput("The configuration is longer than 64 KiB.", field=("input", "configuration"))
    for number, line in enumerate(text.split("\n"), 1):
        if any(not c.isprintable() and c not in "\t\r" for c in line):
            raise wrong(number, "it holds a character for control, or one that is not text")


def wrong(line: int, why: str) -> InvalidInput:
    return InvalidInput(f"Line {line} of the configuration cannot be used: {why}.", field=("input", "configuration"))


def settings_lines(text: str) -> Iterator[tuple[int, str]]:
    """PostgreSQL's format: `name = value`, the sign left out at will, `#` before a comment."""
    for number, line in _lines(text):
        found = re.match(r"\s*([A-Za-z_][\w.$]*)\s*(?:=|\s)\s*\S", line)
        if not found:
            raise wrong(number, "a setting is written like max_connections = 200")
        yield number, found[1]


def directive_lines(text: str) -> Iterator[tuple[int, str]]:
    """Redis' format: `name value...`, `#` at the beginning of a comment."""
    for number, line in _lines(text):
        words = line.split()
        if len(words) < 2 or not re.fullmatch(r"[A-Za-z][\w-]*", words[0]):
            raise wrong(number, "a setting is written like maxmemory 100mb")
        yield number, words[0]


def flag_lines(text: str) -> Iterator[tuple[int, str]]:
    """Dragonfly's flag file: `--name=value`."""
    for number, line in _lines(text):
        found = re.fullmatch(r"\s*--?([A-Za-z]\w*)(?:=.*)?", line)
        if not found:
            raise wrong(number, "a setting is written like --maxmemory=1gb")
        yield number, found[1].removeprefix("no") if found[1].startswith("no") else found[1]


def section_lines(*sections: str) -> Assignments:
    """The format of MySQL and MariaDB: `[section]`, then `name=value` or `name`; only these sections."""

    def assignments(text: str) -> Iterator[tuple[int, str]]:
        inside = False
        for number, line in _lines(text, comments="#;"):
            if section := re.fullmatch(r"\[([\w.-]+)\]", line.strip()):
                if section[1] not in sections:
                    raise wrong(number, f"its sections are [{'] and ['.join(sections)}]")
                inside = True
                continue
            found = re.match(r"\s*([A-Za-z][\w.-]*)\s*(?:=|$)", line)
            if not found or not inside:
                raise wrong(number, f"under [{sections[0]}], a setting is written like max_connections = 200")
            name = plain(found[1])
            yield number, name
            for prefix in ("loose_", "skip_", "disable_", "enable_", "maximum_"):
                if name.startswith(prefix):
                    yield number, name.removeprefix(prefix)

    return assignments


def ini_names(text: str) -> Iterator[tuple[int, str]]:
    """CouchDB's format, an INI file; the names are `section.name` and `section`."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=(";",))
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise wrong(getattr(error, "lineno", 1), "settings are written like [section], then name = value") from error
    for section in parser.sections():
        line = next(n for n, line in _lines(text, comments=";") if line.strip().startswith(f"[{section}]"))
        yield line, section
        yield from ((line, f"{section}.{name}") for name in parser.options(section))


def yaml_names(text: str) -> Iterator[tuple[int, str]]:
    """MongoDB's format, a YAML mapping; the names are paths like `storage.dbPath`."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise wrong(mark.line + 1 if mark else 1, error.problem or "it is not YAML") from error
    except yaml.YAMLError as error:
        raise wrong(1, "it is not YAML") from error
    if root is not None:
        yield from _yaml_paths(root, "")


def xml_names(text: str) -> Iterator[tuple[int, str]]:
    """ClickHouse's format, XML under `<clickhouse>`; the names are those of the elements right below."""
    if not text.strip():
        return
    if "<!" in text.replace("<!--", ""):
        raise wrong(1, "it must not declare a document type")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise wrong(error.position[0], "it is not XML") from error
    if root.tag != "clickhouse":
        raise wrong(1, "its outermost element is <clickhouse>")
    for element in root.iter():
        if {"incl", "include_from", "from_env", "from_zk"} & set(element.attrib):
            raise wrong(1, f"<{element.tag}> must not take its value from elsewhere")
    yield from ((1, element.tag) for element in root)


def _yaml_paths(node: yaml.Node, above: str) -> Iterator[tuple[int, str]]:
    if not isinstance(node, yaml.MappingNode):
        if not above:
            raise wrong(1, "it must be a mapping, like storage: …")
        return
    for key, value in node.value:
        path = f"{above}.{key.value}".lstrip(".")
        yield key.start_mark.line + 1, path
        yield from _yaml_paths(value, path)


def _lines(text: str, comments: str = "#") -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and line.strip()[0] not in comments:
            yield number, line
