"""The look before sending."""

from collections.abc import Iterator

from chatdesk.canned import checks
from chatdesk.canned.checks import DEFAULT_CHECKS, Draft, check, spelling
from chatdesk.canned.spans import Span


def codes(**fields: object) -> list[str]:
    """The codes found in a draft."""
    return [finding.code for finding in check(Draft(**fields))]  # type: ignore[arg-type]  # a test's


def test_nothing_to_find() -> None:
    """An ordinary reply passes."""
    assert codes(text="Your parcel left our OK-rated NATO depot today.") == []


def test_unfilled_placeholder_blocks() -> None:
    """A placeholder still in the text keeps it from being sent, and its place is named (D06)."""
    (finding,) = check(Draft(text="Hi {{ customer.first_name }}"))
    assert (finding.code, finding.blocks) == (checks.UNFILLED_PLACEHOLDER, True)
    assert finding.span == Span(3, 28)


def test_canned_sent_unchanged() -> None:
    """The canned text as it stands is pointed out, a changed or personalised one is not (D06)."""
    canned = "We are open from nine to five on weekdays."
    assert codes(text=canned, canned=canned) == [checks.UNCHANGED]
    assert codes(text=canned, canned=canned, personalised=True) == []
    assert codes(text=f"Good question! {canned}", canned=canned) == []


def test_page_push_needs_notice() -> None:
    """A page is not pushed on a visitor who was not told (D08)."""
    assert codes(text="Look", pushed_url="https://example.org") == [checks.PUSH_WITHOUT_NOTICE]
    assert codes(text="Look", pushed_url="https://example.org", push_noticed=True) == []


def test_shouting() -> None:
    """A row of capitals is pointed out, also with accents (D10)."""
    assert codes(text="Please READ THE MANUAL NOW") == [checks.SHOUTING]
    assert codes(text="VOUS ÊTES PRIÉS DE PATIENTER") == [checks.SHOUTING]


def test_spelling_hook() -> None:
    """A spell checker's places become findings (D10)."""

    def checker(text: str) -> Iterator[Span]:
        yield Span(0, 3)

    (finding,) = check(Draft(text="teh parcel"), (*DEFAULT_CHECKS, spelling(checker)))
    assert finding.code == checks.SPELLING
    assert "'teh'" in finding.message
    assert not finding.blocks
