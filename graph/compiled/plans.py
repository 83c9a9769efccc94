"""From a selection to the columns that answer it. A plan is made once for an operation, and serves every execution.

What cannot be answered by columns is answered by graphql-core, field by field: resolvers, arguments, own resolvers of
types. What is below such a field is answered by columns again.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from inspect import isawaitable
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_union_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE
from strawberry.types.union import StrawberryUnion

from graph.compiled.columns import Column, Completer, Later, ListOf, Nullable, Paths, Run, Surprise, answerable, leaf
from graph.compiled.fields import (
    MADE,
    Asked,
    Batched,
    Made,
    Read,
    Reads,
    asked,
    declared,
    is_plain,
    reading,
    rows_of,
)
from graph.compiled.kept import Kept

if TYPE_CHECKING:
    from graph.compiled.executor import CompilingExecutor


class Unknown(Exception):
    """What is not compiled."""


class Cell(NamedTuple):
    """One field of a selection: the column of its answers, for some objects."""

    column: Callable[[Run, Column, Read, Paths], "Column | Later"]
    wants_paths: bool
    reads: Reads
    attributes: tuple[str, ...] | None
    """What it reads of an object; None: that is not known."""
    is_pure: bool
    """Whether its answers depend on what it reads alone."""


class Objects(Completer):
    """Objects of one type, with the fields that were selected."""

    def __init__(self, plan: "Plan", executor: "CompilingExecutor", kind: GraphQLObjectType, fields: GroupedFieldSet):
        definition = _definition(kind)
        if definition.is_type_of is not None:
            raise Unknown
        self._origin: type = definition.origin
        self._is_checked = kind.is_type_of is not None
        self._known: set[type] = set()
        cells = {key: plan.cell(executor, kind, key, details) for key, details in fields.items()}
        self._keys = tuple(cells)
        self._columns = [cell.column for cell in cells.values()]
        self.is_pure = all(cell.is_pure for cell in cells.values())
        self._kept = Kept()
        self.wants_paths = any(cell.wants_paths for cell in cells.values())
        self.reads = merged([_of_view(self._origin, cells.values()), *(cell.reads for cell in cells.values())])

    def __call__(self, run: Run, column: Column, paths: Paths) -> Column:
        kinds = set(map(type, column))
        if not kinds <= self._known:
            self._known |= self._learnt(kinds)
        if self._is_checked and TYPE_CAST_ATTRIBUTE in set(chain.from_iterable(map(vars, column))):
            raise Surprise
        return self._selected(run, column, paths)

    def _learnt(self, kinds: set[type]) -> set[type]:
        # As `is_type_of` of Strawberry, for which it counts alone of which class an object is.
        if self._is_checked and not all(issubclass(kind, self._origin) and kind.__dictoffset__ for kind in kinds):
            raise Surprise
        return answerable(kinds)

    def _selected(self, run: Run, objects: Column, paths: Paths) -> list[dict[str, Any]]:
        if not self._keys:
            return [{} for _ in objects]
        rows, kind = rows_of(objects, self._origin)
        if kind and self.is_pure:
            return self._kept.of(rows, lambda those: self._answered(run, those, reading(those, kind), None))
        return self._answered(run, objects, reading(rows, kind), paths)

    def _answered(self, run: Run, objects: Column, read: Read, paths: Paths) -> list[dict[str, Any]]:
        columns: list[Column] = []
        later: list[tuple[str, Later]] = []
        for key, column in zip(self._keys, self._columns, strict=True):
            found = column(run, objects, read, paths)
            if isinstance(found, Later):
                later.append((key, found))
                found = [None] * len(objects)
            columns.append(found)
        answers: list[dict[str, Any]] = list(map(dict, map(zip, repeat(self._keys), zip(*columns, strict=True))))
        run.pending += [(each, partial(_fill, answers, key)) for key, each in later]
        return answers


class Alternatives(Completer):
    """Objects of several types, of which each is answered as its own says.

    Each selection is compiled when the first object of its type is met: there may be many types, one within another.
    """

    wants_paths = True  # some type may want them
    reads: Reads = {object: None}

    def __init__(
        self, plan: "Plan", executor: "CompilingExecutor", kind: GraphQLAbstractType, details: FieldDetailsList
    ) -> None:
        self._plan, self._details = plan, details
        self._types = _types_by_class(kind, executor.schema.get_possible_types(kind))
        self._known: dict[type, Completer] = {}

    def __call__(self, run: Run, column: Column, paths: Paths) -> Column:
        answers: dict[int, Any] = {}
        for kind in dict.fromkeys(map(type, column)):
            places = [place for place, value in enumerate(column) if type(value) is kind]
            theirs = [column[place] for place in places]
            if any(TYPE_CAST_ATTRIBUTE in vars(each) for each in theirs):
                raise Surprise
            where = None if paths is None else [paths[place] for place in places]
            answers.update(zip(places, self._of(kind, run.executor)(run, theirs, where), strict=True))
        return [answers[place] for place in range(len(column))]

    def _of(self, kind: type, executor: "CompilingExecutor") -> Completer:
        if kind not in self._known:
            if kind not in self._types or not kind.__dictoffset__:
                raise Surprise
            self._known[kind] = self._plan.objects(executor, self._types[kind], self._details)
        return self._known[kind]


class Plan:
    """How the fields of an operation are answered. The lists in it are graphql-core's, by whose identity it finds."""

    def __init__(self, executor: "CompilingExecutor", root: GraphQLObjectType, fields: GroupedFieldSet) -> None:
        self.fields = fields
        self._below: dict[int, tuple[FieldDetailsList, GraphQLOutputType, Completer]] = {}
        self.reads: dict[Asked, Reads] = {}
        """What is read of views below the fields that are resolved by graphql-core."""
        for key, details in fields.items():
            self._resolved(executor, root, key, details)

    def completer(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Completer | None:
        """What completes the value of a field of this type that was resolved by graphql-core."""
        found = self._below.get(id(details))
        return found[2] if found and found[1] is kind else None

    def cell(
        self, executor: "CompilingExecutor", parent: GraphQLObjectType, key: str, details: FieldDetailsList
    ) -> Cell:
        name = details[0].node.name.value
        if name == "__typename":
            return Cell(lambda _run, objects, _read, _paths: [parent.name] * len(objects), False, {}, (), True)
        field = parent.fields[name]
        try:
            return self._in_columns(executor, parent, key, details, field)
        except Unknown:
            return self._resolved(executor, parent, key, details)

    def _in_columns(
        self,
        executor: "CompilingExecutor",
        parent: GraphQLObjectType,
        key: str,
        details: FieldDetailsList,
        field: GraphQLField,
    ) -> Cell:
        found = declared(field)
        if found is None or details[0].fragment_variable_values is not None:
            raise Unknown
        if isinstance(found, Batched) and not found.arguments and not found.extensions:
            below = self.typed(executor, field.type, details)
            batch = partial(_batch, found, below, _under(below, parent, key))
            return Cell(batch, below.wants_paths, {}, found.attributes, False)
        if not is_plain(found):
            raise Unknown
        below, made = self.typed(executor, field.type, details), _made(found)
        under = _under(below, parent, key)
        attributes = made.attributes if made else (found.python_name,)
        function = made.function if made else None

        def column(run: Run, _objects: Column, read: Read, paths: Paths) -> Column:
            values = read(attributes[0]) if function is None else list(map(function, *map(read, attributes)))
            return below(run, values, under(paths))

        return Cell(column, below.wants_paths, below.reads, attributes, below.is_pure)

    def _resolved(
        self, executor: "CompilingExecutor", parent: GraphQLObjectType, key: str, details: FieldDetailsList
    ) -> Cell:
        field, reads = parent.fields.get(details[0].node.name.value), cast(Reads, {})
        if field is not None and (found := declared(field)):
            try:
                below = self.typed(executor, field.type, details)
            except Unknown:
                reads = {object: None}
            else:
                self._below[id(details)] = details, field.type, below
                reads = below.reads
            self.reads[asked(parent, (each.node for each in details))] = reads
            attributes = made.attributes if (made := _made(found)) else None
        else:
            attributes = None
        return Cell(partial(_resolve, parent, key, details), True, reads, attributes, False)

    def typed(self, executor: "CompilingExecutor", kind: GraphQLOutputType, details: FieldDetailsList) -> Completer:
        nullable = not is_non_null_type(kind)
        bare: Any = kind if nullable else kind.of_type  # type: ignore[union-attr]
        if is_leaf_type(bare):
            return leaf(bare, nullable=nullable)
        made: Completer
        if is_list_type(bare):
            made = ListOf(self.typed(executor, bare.of_type, details))
        elif is_abstract_type(bare):
            made = Alternatives(self, executor, bare, details)
        else:
            made = self.objects(executor, bare, details)
        return Nullable(made) if nullable else made

    def objects(self, executor: "CompilingExecutor", kind: GraphQLObjectType, details: FieldDetailsList) -> Completer:
        fields, deferred, _ = executor.collect_subfields(kind, details)
        if deferred:
            raise Unknown
        return Objects(self, executor, kind, fields)


def merged(all_reads: Iterable[Reads]) -> Reads:
    """What is read by any."""
    found: dict[type, frozenset[str] | None] = {}
    for reads in all_reads:
        for view, attributes in reads.items():
            before = found.get(view, frozenset())
            found[view] = None if before is None or attributes is None else before | attributes
    return found


def _of_view(origin: type, cells: Iterable[Cell]) -> Reads:
    if not hasattr(origin, "row_attribute"):
        return {}
    found: set[str] = set()
    for cell in cells:
        if cell.attributes is None:
            return {origin: None}
        found.update(cell.attributes)
    return {origin: frozenset(found)}


def _fill(answers: list[dict[str, Any]], key: str, column: Column) -> None:
    for answer, value in zip(answers, column, strict=True):
        answer[key] = value


def _under(below: Completer, parent: GraphQLObjectType, key: str) -> Callable[[Paths], Paths]:
    def under(paths: Paths) -> Paths:
        return None if paths is None else [Path(path, key, parent.name) for path in paths]

    return under if below.wants_paths else lambda _paths: None


def _made(field: Any) -> Made | None:
    return cast("Made | None", field.metadata.get(MADE))


def _batch(
    field: Batched,
    below: Completer,
    under: Callable[[Paths], Paths],
    run: Run,
    objects: Column,
    read: Read,
    paths: Paths,
) -> Column | Later:
    def made(values: Column) -> Column:
        if len(values) != len(objects):
            raise Surprise
        if below.wants_paths:
            return below(run, values, under(paths))
        distinct = {id(value): value for value in values}
        if len(distinct) == len(values):
            return below(run, values, None)
        answers = dict(zip(distinct, below(run, list(distinct.values()), None), strict=True))
        return [answers[id(value)] for value in values]

    found = field.found(run.executor.context_value, list(map(read, field.attributes)), below.reads)
    return run.later([found], lambda values: made(values[0])) if isawaitable(found) else made(found)


def _resolve(
    parent: GraphQLObjectType,
    key: str,
    details: FieldDetailsList,
    run: Run,
    objects: Column,
    _read: Read,
    paths: Paths,
) -> Column | Later:
    executor, found = run.executor, list[Any]()
    assert paths is not None
    try:
        for each, path in zip(objects, paths, strict=True):
            found.append(executor.execute_field(parent, each, details, Path(path, key, parent.name), None))
    except Exception:
        executor.async_helpers.track(found)
        raise
    waiting = {place: value for place, value in enumerate(found) if executor.is_awaitable(value)}
    if not waiting:
        return found
    return run.later(list(waiting.values()), partial(_with, found, list(waiting)))


def _with(found: list[Any], places: list[int], values: Column) -> Column:
    for place, value in zip(places, values, strict=True):
        found[place] = value
    return found


def _definition(kind: Any) -> StrawberryObjectDefinition:
    found = kind.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(found, StrawberryObjectDefinition):
        raise Unknown
    return found


def _types_by_class(
    kind: GraphQLAbstractType, possible: Sequence[GraphQLObjectType]
) -> dict[type, GraphQLObjectType]:
    """The type of the objects of exactly these classes, wherever Strawberry would find the same."""
    abstract = kind.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    usual = type(abstract) is StrawberryUnion if is_union_type(kind) else _is_usual_interface(abstract)
    if not usual:
        raise Unknown
    return {_usual(each).origin: each for each in possible}


def _is_usual_interface(definition: object) -> bool:
    return isinstance(definition, StrawberryObjectDefinition) and definition.resolve_type is None


def _usual(kind: GraphQLObjectType) -> StrawberryObjectDefinition:
    definition = _definition(kind)
    if definition.is_type_of is not None or definition.concrete_of is not None or definition.is_graphql_generic:
        raise Unknown
    return definition
