"""What address an agent may give to a visitor: one that opens a page or a file, nothing else."""

import re
from collections.abc import Collection

from chatdesk.desk.checks import URL_LENGTH, check_length
from chatdesk.model.errors import InvalidInput

_AUTHORITY = re.compile(
    r"[^\s/?#@\\%:\[\]]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?"
)
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\\"<>^`{|}\u2028\u2029\ufeff\u200b-\u200f\u202a-\u202e]")
"""What no address has unescaped (RFC 3986, appendix A), what browsers read as a slash, and what
turns text round."""

MOST_ATTACHMENTS = 20


def check_attachments(addresses: Collection[str]) -> tuple[str, ...]:
    """The addresses of files, each once and without blanks around it; raises `InvalidInput`."""
    if not addresses:
        return ()
    found = tuple(dict.fromkeys(check_address(each, "attachments") for each in addresses))
    if len(found) > MOST_ATTACHMENTS:
        raise InvalidInput.field("attachments", "too_long", f"at most {MOST_ATTACHMENTS}")
    return found


def check_address(url: str, field: str = "url") -> str:
    """The address without blanks around it; raises `InvalidInput`.

    It is an http or https address without a name or password in it, or a path of the shop's own
    site: one ``/`` first, for two would name another host.
    """
    url = url.strip()
    if not url:
        raise InvalidInput.field(field, "missing", "must not be empty")
    check_length(url, field, URL_LENGTH)
    if _UNSAFE.search(url):
        raise InvalidInput.field(field, "invalid", "has a character that no address has")
    if url.startswith("/"):
        if url.startswith("//"):
            raise InvalidInput.field(field, "invalid", "a path begins with one slash")
        return url
    scheme, found, rest = url.partition("://")
    if not found or scheme.lower() not in {"http", "https"}:
        wanted = "an address that begins with http:// or https://, or a path that begins with /"
        raise InvalidInput.field(field, "invalid", wanted)
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        raise InvalidInput.field(field, "invalid", "must not hold a name or a password")
    if not _AUTHORITY.fullmatch(authority):
        raise InvalidInput.field(field, "invalid", "names no host")
    return url
