"""The visitor's widget, the agent's console and the demonstration shop: static files."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent
"""Where `widget.js`, `console.html` and the files they load stand."""

SHOP_FOLDER = FOLDER / "shop"
"""The small made-up shop of `chatdesk demo`."""

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".svg": "image/svg+xml",
    }
)
"""How each kind of file is to be announced to a browser."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
"""What the pages get by with. With trusted types a browser refuses text as markup altogether."""


def files(folder: Path = FOLDER) -> dict[str, Path]:
    """The files of a folder, subfolders included, by their path below it (`lang/fr.json`)."""
    return {
        file.relative_to(folder).as_posix(): file
        for file in sorted(folder.rglob("*"))
        if file.suffix in MEDIA_TYPES
    }
