"""What a shop plugs into its canned responses."""

from collections.abc import Mapping, Sequence

import pytest

from chatdesk.canned.placeholders import Rendered
from chatdesk.canned.spans import Span
from chatdesk.model.records import CannedResponse
from chatdesk.runtime.canned_hooks import guarded_embedder, guarded_renderer, guarded_spelling
from chatdesk.testing.factories import a_response

HOURS = a_response("hours", body="Nine to {{ desk.hours | five }}.")


class Model:
    """A model of meaning that knows one number."""

    def __init__(self, *near: float) -> None:
        self.near = near

    def similarities(self, text: str, responses: Sequence[CannedResponse]) -> Sequence[float]:
        """The same whatever is asked."""
        assert text
        assert responses
        return self.near


class Brackets:
    """A renderer that knows other signs, and no text without any."""

    def render(self, body: str, values: Mapping[str, str | None]) -> Rendered:
        """Fills in one name."""
        if "[" not in body:
            raise LookupError(body)
        return Rendered(body.replace("[agent]", values["agent.name"] or "us"))


def test_none_is_none() -> None:
    """Without a model or a spell checker there is nothing to guard; ours fills in."""
    assert guarded_embedder(None) is None
    assert guarded_spelling(None) is None
    assert guarded_renderer(None).render(HOURS.body, {}).text == "Nine to five."


@pytest.mark.parametrize("near", [(), (0.5, 0.5), (float("nan"),), (float("inf"),)], ids=str)
def test_nonsense_counts_as_nothing(
    near: tuple[float, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """A22: too few, too many, or no numbers make no difference between responses, and are told."""
    good, bad = guarded_embedder(Model(0.5)), guarded_embedder(Model(*near))
    assert good is not None
    assert bad is not None
    assert good.similarities("when", [HOURS]) == [0.5]
    assert not caplog.text
    assert bad.similarities("when", [HOURS]) == [0.0]
    assert "the embedder failed" in caplog.text


def test_places_outside_the_text_are_none(caplog: pytest.LogCaptureFixture) -> None:
    """D10: what a spell checker finds lies in the text, or it found nothing."""
    check = guarded_spelling(lambda text: [Span(0, 4), Span(5, len(text))])
    assert check is not None
    assert len(tuple(check("helo there"))) == 2
    assert check("helo") == ()
    assert "the spell checker failed" in caplog.text


def test_a_renderer_that_fails_is_done_without(caplog: pytest.LogCaptureFixture) -> None:
    """B25: what it cannot do, ours does."""
    renderer = guarded_renderer(Brackets())
    assert renderer.render("It is [agent].", {"agent.name": "Ada"}).text == "It is Ada."
    assert renderer.render(HOURS.body, {}).text == "Nine to five."
    assert "the renderer failed" in caplog.text
