"""Addresses that may be suggested to a visitor."""

import pytest

from chatdesk.desk.pages import check_address, check_attachments
from chatdesk.model.errors import InvalidInput


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "http://shop.example:8080/a/b?c=d&e=%20#f",
        "HTTPS://SHOP.EXAMPLE/",
        "https://été.example/lampe",
        "https://[2001:db8::1]:443/",
        "https://shop.example?next=user@host",
        "https://shop.example/@maker",
        "/",
        "/lamps?size=2#top",
        "/a//b",
    ],
)
def test_good_addresses(url: str) -> None:
    """D08: http, https and the shop's own paths, as they are, without blanks around them."""
    assert check_address(f"  {url}\n") == url


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "missing"),
        (" \n", "missing"),
        ("/" + "x" * 2048, "too_long"),
        ("javascript:alert(1)", "invalid"),
        ("JAVASCRIPT://shop.example/%0aalert(1)", "invalid"),
        ("data:text/html,hi", "invalid"),
        ("ftp://shop.example/", "invalid"),
        ("shop.example/lamp", "invalid"),
        ("lamp", "invalid"),
        ("//evil.example/", "invalid"),
        ("/\\evil.example", "invalid"),
        ("https:\\\\evil.example", "invalid"),
        ("https:/shop.example", "invalid"),
        ("https:///lamp", "invalid"),
        ("https://", "invalid"),
        ("https://:80/", "invalid"),
        ("https://user@shop.example/", "invalid"),
        ("https://user:secret@shop.example/", "invalid"),
        ("https://@shop.example/", "invalid"),
        ("https://shop.example%2f@evil.example/", "invalid"),
        ("https://shop.example:port/", "invalid"),
        ("https://shop.example:123456/", "invalid"),
        ("https://[::1/", "invalid"),
        ("https://shop.example/a b", "invalid"),
        ("https://shop.example/a\tb", "invalid"),
        ("java\nscript://x/", "invalid"),
        ("https://shop.example/\u202egnp.exe", "invalid"),
        ("https://shop.example/<script>", "invalid"),
        ("https://shop.example/\x00", "invalid"),
    ],
)
def test_refused_addresses(url: str, code: str) -> None:
    """D08: no other scheme, no other host by a trick, no credentials, no character out of place."""
    with pytest.raises(InvalidInput) as refused:
        check_address(url)
    assert [(p.field, p.code) for p in refused.value.problems] == [("url", code)]


@pytest.mark.parametrize("url", ["https://user@shop.example/", "https://:secret@shop.example"])
def test_credentials_are_named(url: str) -> None:
    """D08: who pastes an address with a password in it is told what is wrong with it."""
    with pytest.raises(InvalidInput, match="a name or a password"):
        check_address(url)


def test_attachments_are_addresses() -> None:
    """A21, A35: each once; what is wrong is told under their own name."""
    files = (" /leaflets/7.pdf", "https://shop.example/a.pdf", "/leaflets/7.pdf")
    assert check_attachments(files) == ("/leaflets/7.pdf", "https://shop.example/a.pdf")
    for wrong in (("leaflet-7",), ("javascript:alert(1)",), [f"/{n}" for n in range(21)]):
        with pytest.raises(InvalidInput) as refused:
            check_attachments(wrong)
        assert [problem.field for problem in refused.value.problems] == ["attachments"]
