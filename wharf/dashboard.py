"""The dashboard, served as it lies in dashboard/build: one page for all addresses that nothing else answers."""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

BUILD = Path(__file__).parent.parent / "dashboard" / "build"

_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
# Not those of the host, which may know them differently or not at all.
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}
_NEVER_SERVED = {"index.html", "operations.json"}
_AT_ONCE = 65_536  # bytes, up to which a file is read where it is asked for
_HASHED = "_app/immutable/"
_INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
# The style of what SvelteKit tells screen readers with.
_ANNOUNCER = "'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='"
_GRAPHIQL = "graphiql"

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Wharfinger</title>
<h1>The dashboard was not built</h1>
<p>Everything else works. To have the dashboard too, run this where the server was installed from, and load this page
again:</p><pre>scripts/dashboard</pre></html>
"""


@dataclass(frozen=True, slots=True)
class _Asset:
    """A file of the build, and the same compressed, by encoding."""

    path: Path
    media_type: str
    encoded: dict[str, Path]


@dataclass
class Dashboard:
    """Answers with files of the build, with the page, or with 404 for what looks like a file and is none."""

    build: Path = BUILD
    _assets: dict[str, _Asset] = field(default_factory=dict)
    _policies: dict[bool, str] = field(default_factory=dict)
    _seen: int = 0

    async def answer(self, request: Request) -> Response:
        path = request.path_params["path"]
        if self._is_new():
            self._assets, self._policies = _assets_in(self.build), _policies(self.build / "index.html")
        if asset := self._assets.get(path):
            kept = "public, max-age=31536000, immutable" if path.startswith(_HASHED) else "no-cache"
            return _file(asset, request, {"Cache-Control": kept})
        if path.startswith("_app/") or "." in PurePosixPath(path).name:
            return PlainTextResponse("There is nothing here.\n", 404)
        if not self._seen:
            return HTMLResponse(_NOT_BUILT, 503, {"Cache-Control": "no-store"})
        policy = self._policies[path == _GRAPHIQL]
        page = _Asset(self.build / "index.html", "text/html", _encoded(self.build / "index.html"))
        return _file(page, request, {"Cache-Control": "no-cache", "Content-Security-Policy": policy})

    def _is_new(self) -> bool:
        """Whether it was built since it was last looked at."""
        try:
            now = (self.build / "index.html").stat().st_mtime_ns
        except FileNotFoundError:
            now = 0
        seen, self._seen = self._seen, now
        return seen != now


def _file(asset: _Asset, request: Request, headers: dict[str, str]) -> Response:
    path, headers = asset.path, {"Vary": "Accept-Encoding", **headers}
    accepted = _accepted(request.headers.get("accept-encoding", ""))
    for encoding, encoded in asset.encoded.items():
        if encoding in accepted:
            path, headers["Content-Encoding"] = encoded, encoding
            break
    if path.stat().st_size > _AT_ONCE:
        return FileResponse(path, headers=headers, media_type=asset.media_type)
    # A page is dozens of these, each sooner read than a thread is asked to.
    return Response(path.read_bytes(), headers=headers, media_type=asset.media_type)


def _accepted(header: str) -> set[str]:
    """The encodings that are named, and not refused."""
    parts = (part.replace(" ", "").lower().partition(";q=") for part in header.split(","))
    return {encoding for encoding, _, quality in parts if quality.strip("0.") or not quality}


def _assets_in(build: Path) -> dict[str, _Asset]:
    suffixes = tuple(suffix for _, suffix in _ENCODINGS)
    found = {}
    for path in sorted(build.rglob("*")):
        name = path.relative_to(build).as_posix()
        if path.is_file() and not name.endswith(suffixes) and name not in _NEVER_SERVED:
            media_type = _TYPES.get(path.suffix, "application/octet-stream")
            found[name] = _Asset(path, media_type, _encoded(path))
    return found


def _encoded(path: Path) -> dict[str, Path]:
    beside = {encoding: path.with_name(path.name + suffix) for encoding, suffix in _ENCODINGS}
    return {encoding: each for encoding, each in beside.items() if each.exists()}


def _policies(page: Path) -> dict[bool, str]:
    """What the page may load: by whether it shows GraphiQL, whose editor makes styles and workers as it goes."""
    if not page.exists():
        return {}
    inline = " ".join(f"'sha256-{_digest(script)}'" for script in _INLINE.findall(page.read_bytes()))
    common = [
        "default-src 'none'",
        f"script-src 'self' {inline}",
        "connect-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    own = ["style-src 'self'", f"style-src-attr 'unsafe-hashes' {_ANNOUNCER}", "require-trusted-types-for 'script'"]
    editor = ["style-src 'self' 'unsafe-inline'", "worker-src 'self' blob:"]
    return {False: "; ".join([*common, *own]), True: "; ".join([*common, *editor])}


def _digest(script: bytes) -> str:
    return base64.b64encode(hashlib.sha256(script).digest()).decode()
