"""What the images of the simulated world do when they run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Image:
    """Times are seconds, drawn from between the two. `listens` None: never; `exits` None: not by itself."""

    id: str
    listens: tuple[float, float] | None = (0.01, 0.6)
    exits: tuple[float, float] | None = None
    ends: tuple[float, float] | None = (0.0, 0.3)  # after SIGTERM; None: it is deaf to it
    exit_code: int = 0


def _id(digit: str) -> str:
    return f"sha256:{digit * 64}"


PROXY = "traefik:v3.7.15"
GOOD, BETTER, LATE, DEAF = "shop:1", "shop:2", "shop:late", "shop:deaf"
BROKEN, SILENT, MISSING = "shop:broken", "shop:silent", "shop:missing"
PORT = 8000

IMAGES = {
    PROXY: Image(_id("a"), listens=(0.05, 0.2), ends=(0.01, 1.0)),
    GOOD: Image(_id("1")),
    BETTER: Image(_id("2")),
    LATE: Image(_id("3"), listens=(3.0, 9.0)),
    DEAF: Image(_id("4"), ends=None),
    BROKEN: Image(_id("5"), listens=None, exits=(0.0, 0.5), exit_code=3),
    SILENT: Image(_id("6"), listens=None),
}
IMAGES |= {"wharf-sample:1": IMAGES[GOOD], "wharf-sample:2": IMAGES[BETTER]}
BY_ID = {image.id: image for image in IMAGES.values()}
