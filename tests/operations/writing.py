"""Operations over the whole schema, drawn by lot: what somebody could write who knows it, and some ids.

What hypothesis-graphql draws has no variables, named fragments or subscriptions, draws all ids from one pool, and
takes 25 ms each; for 10,000 as everybody that is an hour.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from tests.graph.api.bad_values import OTHERS, STRINGS
from tests.graph.api.conftest import Json
from tests.graph.api.fuzzing import SCHEMA, good, literal

_BAD = [value for value in (*STRINGS, *OTHERS) if len(str(value)) < 500]
_KINDS = ("query", "mutation", "subscription")
_WEIGHTS = (72, 22, 6)
_DEEPEST = 6
_MOST_FIELDS = 60
_MOST_ALIASES = 25
_PAGES = (1, 1, 2, 100, 101, 0, -1)
_GOOD_PAGES = (1, 1, 1, 2, 2, 3, 3, 10, 0)
# The kinds of things that ids in inputs are of, where their names do not say so.
_NAMED = {"dumpId": "DatabaseDump", "linkId": "DatabaseLink", "tokenId": "ApiToken", "projectIds": "Project"}


@dataclass(frozen=True)
class Operation:
    """What is sent. `secrets` are the passwords and other secrets in it."""

    kind: str
    text: str
    variables: Json
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What whoever writes has heard of: ids of the own team and of another, by the names of their types; words."""

    own: Mapping[str, str]
    foreign: Mapping[str, str]
    cursors: Sequence[str]
    words: Sequence[str]


@dataclass
class _Fragment:
    on: str
    text: str
    names: frozenset[str]


@dataclass
class _Draft:
    """What is written so far of one operation."""

    declared: dict[str, str] = field(default_factory=dict)
    values: Json = field(default_factory=dict)
    fragments: dict[str, _Fragment] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    fields: int = 0
    aliases: int = 0


class Writer:
    """Writes one operation after another; the same ones for the same lots. None begins with a field of `without`.

    `carefully`: what is given is seldom wrong, so that most of what is asked is answered.
    """

    def __init__(
        self,
        lots: Random,
        known: Known,
        kinds: Sequence[str] = _KINDS,
        without: frozenset[str] = frozenset(),
        *,
        carefully: bool = False,
    ) -> None:
        self.lots = lots
        self._known = known
        self._kinds = kinds
        self._without = without
        self._carefully = carefully
        self._pages = _GOOD_PAGES if carefully else _PAGES
        self._wrong, self._named_wrongly = (1, 1) if carefully else (6, 8)  # percent
        self._written = 0
        self._waiting: dict[str, list[str]] = {}
        self._draft = _Draft()

    def operation(self) -> Operation:
        self._draft = draft = _Draft()
        kind = self.lots.choices(self._kinds, _WEIGHTS[: len(self._kinds)])[0]
        root: GraphQLObjectType = getattr(SCHEMA, f"{kind}_type")
        count = 1 if kind == "subscription" else self.lots.choice((1, 1, 1, 2, 3))
        names = self._next_roots(kind, sorted(root.fields.keys() - self._without), count)
        body = " ".join(self._field(name, root.fields[name], set(names), 0) for name in names)
        declared = ", ".join(f"${name}: {kind}" for name, kind in draft.declared.items())
        head = f"{kind} It{f'({declared})' if declared else ''}"
        fragments = (f"fragment {name} on {each.on} {{ {each.text} }}" for name, each in draft.fragments.items())
        return Operation(kind, "\n".join((f"{head} {{ {body} }}", *fragments)), draft.values, tuple(draft.secrets))

    def _next_roots(self, kind: str, all_names: list[str], count: int) -> list[str]:
        """Different ones; each of all comes once before one comes again."""
        waiting = self._waiting.setdefault(kind, [])
        if len(waiting) < count:
            waiting[:] = [*waiting, *self.lots.sample(all_names, len(all_names))]
        names = list(dict.fromkeys(waiting[:count]))
        del waiting[:count]
        return names

    def _chance(self, percent: int) -> bool:
        return self.lots.randrange(100) < percent

    # What is asked.

    def _field(self, name: str, what: GraphQLField, taken: set[str], depth: int) -> str:
        """A field with its arguments and what is asked of it. `taken` are the names of answers around it."""
        self._draft.fields += 1
        often = 95 if self._carefully and not depth else 50
        given = {key: arg for key, arg in what.args.items() if is_required_argument(arg) or self._chance(often)}
        alias = self._alias(taken) if self._chance(15) else ""
        arguments = ", ".join(f"{key}: {self._argument(key, arg, what)}" for key, arg in given.items())
        directive = self._directive() if depth else ""
        kind = get_named_type(what.type)
        inner = "" if is_leaf_type(kind) else f" {{ {self._selection(kind, depth + 1, set())} }}"
        return f"{alias}{name}{f'({arguments})' if arguments else ''}{directive}{inner}"

    def _directive(self) -> str:
        """Mostly none, and mostly one that leaves what it stands behind where it is."""
        if not self._chance(5):
            return ""
        name, kept = self.lots.choice(("include", "skip")), self._chance(70)
        value = kept == (name == "include")
        if self._chance(40):
            return f" @{name}(if: {literal(None, value)})"
        self._draft.declared[key := f"v{len(self._draft.declared)}"] = "Boolean!"
        self._draft.values[key] = value
        return f" @{name}(if: ${key})"

    def _alias(self, taken: set[str]) -> str:
        if self._draft.aliases >= _MOST_ALIASES:
            return ""
        self._draft.aliases += 1
        taken.add(alias := f"a{self._draft.aliases}")
        return f"{alias}: "

    def _selection(self, kind: Any, depth: int, taken: set[str]) -> str:
        """Something of a type. It gives no answer a name that is `taken`, to which it adds its own."""
        if fragment := self._known_fragment(kind, taken):
            return f"...{fragment}{self._directive()}"
        parts = list(self._parts(kind, depth, taken))
        if isinstance(kind, GraphQLInterfaceType):
            possible = sorted(SCHEMA.get_possible_types(kind), key=lambda each: each.name)
            for each in self.lots.sample(possible, min(3, len(possible))):
                directive = self._directive()
                parts.append(f"... on {each.name}{directive} {{ {self._selection(each, depth, taken)} }}")
        text = " ".join(parts) or "__typename"
        if isinstance(kind, GraphQLObjectType) and self._chance(12):
            name = f"F{len(self._draft.fragments)}"
            self._draft.fragments[name] = _Fragment(kind.name, text, frozenset(taken))
            return f"...{name}"
        return text

    def _known_fragment(self, kind: Any, taken: set[str]) -> str | None:
        for name, each in self._draft.fragments.items():
            if each.on == kind.name and not each.names & taken and self._chance(50):
                taken |= each.names
                return name
        return None

    def _parts(self, kind: Any, depth: int, taken: set[str]) -> Iterator[str]:
        names = self.lots.sample(sorted(kind.fields), min(len(kind.fields), self.lots.randint(1, 7)))
        telling = [name for name in ("id", "name") if name in kind.fields and self._chance(50)]
        for name in dict.fromkeys([*telling, *names]):
            what = kind.fields[name]
            too_far = depth >= _DEEPEST or self._draft.fields >= _MOST_FIELDS
            if name in taken or (too_far and not is_leaf_type(get_named_type(what.type))):
                continue
            taken.add(name)
            yield self._field(name, what, taken, depth)

    # What is given.

    def _argument(self, name: str, argument: GraphQLArgument, of: GraphQLField) -> str:
        returned = get_named_type(of.type).name
        value = self._value(argument.type, name, returned)
        if self._chance(50):
            return literal(argument.type, value)
        self._draft.declared[key := f"v{len(self._draft.declared)}"] = str(argument.type)
        self._draft.values[key] = value
        return f"${key}"

    def _value(self, kind: Any, name: str, around: str) -> Any:
        """A value for this kind, most often a good one."""
        bare = get_nullable_type(kind)
        if not isinstance(kind, GraphQLNonNull) and self._chance(10):
            return None
        if isinstance(bare, GraphQLList):
            return [self._value(bare.of_type, name, around) for _ in range(self.lots.choice((0, 1, 1, 1, 2)))]
        if isinstance(bare, GraphQLInputObjectType):
            return {key: self._value(each.type, key, bare.name) for key, each in self._given(bare)}
        if self._chance(self._wrong):
            return self.lots.choice(_BAD)
        if isinstance(bare, GraphQLEnumType):
            return self.lots.choice(sorted(bare.values))
        return self._scalar(bare, name, around)

    def _given(self, kind: GraphQLInputObjectType) -> Iterator[tuple[str, GraphQLInputField]]:
        for key, each in kind.fields.items():
            if is_required_input_field(each) or self._chance(40):
                yield key, each

    def _scalar(self, kind: Any, name: str, around: str) -> Any:
        if kind.name == "ID":
            return self._id(name, around)
        if kind.name == "Cursor":
            return self.lots.choice(self._known.cursors)
        if kind.name == "Secret" or (kind.name == "String" and name.lower().endswith(("password", "secret"))):
            self._written += 1
            self._draft.secrets.append(text := f"typed-secret-{self._written:06}")
            return text
        if name == "first":
            return self.lots.choice(self._pages)
        if kind.name in ("ResourceName", "Hostname", "String") and self._chance(4):
            return self.lots.choice(self._known.words)
        return good(kind, {}, name)

    def _id(self, name: str, around: str) -> str:
        """An id, most often of what is wanted here, and of the own team."""
        kind = _NAMED.get(name) or f"{name[0].upper()}{name[1:]}".removesuffix("Id")
        if kind not in self._known.own:
            kind = around if around in self._known.own and self._chance(80) else self.lots.choice([*self._known.own])
        ids = self.lots.choices((self._known.own, self._known.foreign), (60, 40))[0]
        return ids[self.lots.choice(sorted(ids)) if self._chance(self._named_wrongly) else kind]
