"""How clients know the fields that the engine names in its own way."""

from strawberry.utils.str_converters import to_camel_case

_RENAMED = {"stop_grace": "stopGracePeriod"}


def field_name(name: str) -> str:
    """`health_check` as healthCheck. What follows a dot is a person's own word, and stays."""
    head, dot, rest = name.partition(".")
    return _RENAMED.get(head, to_camel_case(head)) + dot + rest
