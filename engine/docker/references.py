"""Names: of images as Docker reads them, and of everything else Docker keeps."""

import re
from dataclasses import dataclass

from engine.errors import DockerNotFound, ImageFailure

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
HUB = "docker.io"
HUB_ADDRESS = "https://index.docker.io/v1/"
LONGEST_NAME = 255

_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*"
_REGISTRY = re.compile(rf"(?:{_HOST}|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")
_WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_WORD}(?:/{_WORD})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_IMAGE_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image's name, taken apart as Docker does it. One of `tag` and `digest` is always set."""

    registry: str  # "docker.io" where the reference names none
    repository: str  # "library/nginx"
    tag: str | None
    digest: str | None

    @property
    def name(self) -> str:
        """Registry and repository, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def version(self) -> str:
        """What to pull: the digest decides where both are given."""
        return self.digest or self.tag or "latest"

    @property
    def server_address(self) -> str:
        """What Docker calls the registry in credentials."""
        return HUB_ADDRESS if self.registry == HUB else self.registry


def parse_reference(text: str) -> ImageReference:
    """Reads "[registry/]repository[:tag][@digest]"; ImageFailure for what Docker would not accept either."""
    rest, _, digest = text.partition("@")
    slash, colon = rest.rfind("/"), rest.rfind(":")
    name, tag = (rest[:colon], rest[colon + 1 :]) if colon > slash else (rest, "")
    registry, repository = _split_registry(name)
    wrong = (
        not _REGISTRY.fullmatch(registry)
        or not _REPOSITORY.fullmatch(repository)
        or len(f"{registry}/{repository}") > LONGEST_NAME
        or bool(_IMAGE_ID.fullmatch(name))
        or (colon > slash and not _TAG.fullmatch(tag))
        or ("@" in text and not _DIGEST.fullmatch(digest))
    )
    if wrong:
        raise ImageFailure(f"{text!r} is not the name of an image.")
    return ImageReference(registry, repository, tag or (None if digest else "latest"), digest or None)


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, rest
    else:
        registry, repository = HUB, name
    if registry in (HUB, "index.docker.io"):
        registry, repository = HUB, repository if "/" in repository else f"library/{repository}"
    return registry, repository


def checked(ref: str) -> str:
    """`ref` where it may stand in a path of Docker's API; DockerNotFound for what Docker can never have."""
    if not NAME.fullmatch(ref):
        raise DockerNotFound(f"Docker has nothing called {ref!r}: that cannot be a name.")
    return ref
