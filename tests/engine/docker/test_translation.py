"""Every error that can come from below has a name of ours."""

import inspect
from types import ModuleType

import aiodocker
import aiodocker.exceptions
import aiohttp
import aiohttp.client_exceptions
import pytest

from engine import errors
from engine.docker.translation import TABLE, docker_errors, image_refused, refused, translate


def _errors_in(module: ModuleType) -> list[type[Exception]]:
    return [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, Exception)]


def test_every_class_of_aiodocker_stands_in_the_table() -> None:
    assert {kind for kind in TABLE if kind.__module__.startswith("aiodocker")} == set(
        _errors_in(aiodocker.exceptions)
    )


@pytest.mark.parametrize("kind", _errors_in(aiohttp.client_exceptions))
def test_every_client_error_of_aiohttp_means_that_docker_was_not_reached(kind: type[Exception]) -> None:
    # Each wants other arguments, so this is one of its kind that was never given any.
    theirs = type("Raised", (kind,), {"__init__": lambda self: None, "__str__": lambda self: "broken"})()
    ours = translate(theirs, "list containers")
    expected = errors.DockerTimeout if issubclass(kind, TimeoutError) else errors.DockerUnreachable
    assert type(ours) is expected


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (ConnectionRefusedError(111, "refused"), errors.DockerUnreachable),
        (FileNotFoundError(2, "no socket"), errors.DockerUnreachable),
        (TimeoutError(), errors.DockerTimeout),
        (aiohttp.http.HttpProcessingError(), errors.DockerUnreachable),
        (aiodocker.exceptions.DockerContextTLSError("bad key"), errors.DockerUnreachable),
        (aiodocker.exceptions.DockerStreamError("no"), errors.DockerFailure),
        (aiodocker.DockerContainerError(404, "no", "abc"), errors.DockerNotFound),
        (AssertionError(), errors.DockerUnreachable),
        (ValueError("not JSON"), errors.DockerUnreachable),
        (RuntimeError("Connection closed."), errors.DockerUnreachable),
    ],
)
def test_the_nearest_class_decides(theirs: Exception, ours: type[errors.DockerFailure]) -> None:
    with pytest.raises(errors.DockerFailure) as caught, docker_errors("list containers"):
        raise theirs
    assert type(caught.value) is ours
    assert "list containers" in caught.value.sentence
    assert caught.value.__cause__ is theirs


def test_errors_of_ours_and_bugs_pass() -> None:
    with pytest.raises(errors.NameTaken), docker_errors("list containers"):
        raise errors.NameTaken("Taken.")
    with pytest.raises(ZeroDivisionError), docker_errors("list containers"):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("status", "words", "ours"),
    [
        (900, "Cannot connect to Docker Engine", errors.DockerUnreachable),
        (404, "No such container: blog", errors.DockerNotFound),
        (409, 'The container name "/blog" is already in use', errors.DockerConflict),
        (403, "Pool overlaps with other one on this address space", errors.DockerConflict),
        (403, "network blog id 64a5 has active endpoints", errors.DockerConflict),
        (403, "Address already in use", errors.DockerFailure),
        (500, "Bind for 0.0.0.0:80 failed: port is already allocated", errors.PortTaken),
        (500, "listen tcp4 0.0.0.0:80: bind: address already in use", errors.PortTaken),
        (500, "listen tcp4 192.0.2.1:80: bind: cannot assign requested address", errors.AddressNotLocal),
        (400, 'invalid mount config for type "bind": bind source path does not exist', errors.DockerFailure),
        (500, "OCI runtime create failed", errors.DockerFailure),
    ],
)
def test_a_no_is_named_by_its_words_then_by_its_status(
    status: int, words: str, ours: type[errors.DockerFailure]
) -> None:
    error = refused("start container blog", status, words)
    assert type(error) is ours
    assert error.sentence == f"Docker could not start container blog: {words}."
    assert error.status == status


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        ("manifest for shop/blog:9 not found: manifest unknown: manifest unknown", errors.ImageNotFound),
        ("repository shop/blog not found: name unknown: repository name not known", errors.ImageNotFound),
        ("No such image: blog:9", errors.ImageNotFound),
        ("manifest for shop/unauthorized:9 not found: manifest unknown", errors.ImageNotFound),
        (
            "pull access denied for blog, repository does not exist or may require 'docker login'",
            errors.RegistryDenied,
        ),
        ('Head "http://h/v2/blog/manifests/9": no basic auth credentials', errors.RegistryDenied),
        ('Get "https://h/v2/": unauthorized: authentication required', errors.RegistryDenied),
        ('Get "https://h/v2/": dial tcp: lookup h: no such host', errors.RegistryUnreachable),
        ('Get "http://h/v2/": dial tcp 1.2.3.4:80: connect: connection refused', errors.RegistryUnreachable),
        ('Head "http://h/v2/access denied/manifests/9": EOF', errors.RegistryUnreachable),
        ("received unexpected HTTP status: 503 Service Unavailable", errors.RegistryUnreachable),
        ("no matching manifest for linux/arm64 in the manifest list entries", errors.ImageFailure),
        ("write /layer: no space left on device", errors.ImageFailure),
    ],
)
def test_a_no_about_an_image_says_whose_fault_it_is(words: str, ours: type[errors.DockerFailure]) -> None:
    error = image_refused("pull blog:9", 500, words)
    assert type(error) is ours
    assert error.sentence == f"Docker could not pull blog:9: {words}."


def test_a_lost_engine_is_not_the_fault_of_the_image() -> None:
    assert type(image_refused("pull blog:9", 900, "Cannot connect")) is errors.DockerUnreachable


def test_ids_of_containers_are_short_and_digests_of_images_whole() -> None:
    long, digest = "0123456789ab" + "c" * 52, "sha256:" + "d" * 64
    error = refused(f"remove container {long}", 409, f"container {long} of {digest} is in use")
    assert error.sentence == (
        f"Docker could not remove container 0123456789ab: container 0123456789ab of {digest} is in use."
    )
