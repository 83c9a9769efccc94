"""One line per thing that happened, on standard error."""

import logging

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_QUIET = ("aiodocker", "alembic", "uvicorn.error")


def log_to_terminal(level: str) -> None:
    """Log what is at least as grave as `level` ("info"), other people's libraries only from warnings on."""
    logging.basicConfig(level=level.upper(), format=_FORMAT)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
