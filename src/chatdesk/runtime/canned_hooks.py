"""What a shop plugs into its canned responses, so that a fault of it costs that part alone.

A model of meaning, a spell checker or a renderer of the shop's own may fail at any text: the desk
then does without it for this once, and writes down what happened.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

import attrs

from chatdesk.canned.checks import SpellChecker
from chatdesk.canned.placeholders import PlaceholderRenderer, Rendered, Renderer
from chatdesk.canned.search import Embedder
from chatdesk.canned.spans import Span
from chatdesk.model.records import CannedResponse

log = logging.getLogger("chatdesk.runtime")

_OURS = PlaceholderRenderer()


def guarded_embedder(embedder: Embedder | None) -> Embedder | None:
    """The model; where it fails, every response is equally near."""
    return None if embedder is None else _GuardedEmbedder(embedder)


def guarded_spelling(spelling: SpellChecker | None) -> SpellChecker | None:
    """The spell checker; where it fails, it finds nothing."""
    return None if spelling is None else _GuardedSpelling(spelling)


def guarded_renderer(renderer: Renderer | None) -> Renderer:
    """The renderer; where it fails, or where there is none, ours fills in."""
    return _OURS if renderer is None else _GuardedRenderer(renderer)


@attrs.define
class _GuardedEmbedder:
    embedder: Embedder

    def similarities(self, text: str, responses: Sequence[CannedResponse]) -> Sequence[float]:
        """One number a response."""
        try:
            return _numbers(self.embedder.similarities(text, responses), len(responses))
        except Exception:
            log.exception("the embedder failed; searched by words alone")
            return [0.0] * len(responses)


def _numbers(given: Iterable[float], wanted: int) -> list[float]:
    numbers = [float(each) for each in given]
    if len(numbers) != wanted or not all(map(isfinite, numbers)):
        raise ValueError(f"{wanted} finite numbers were asked for")
    return numbers


@attrs.define
class _GuardedSpelling:
    spelling: SpellChecker

    def __call__(self, text: str) -> Iterable[Span]:
        try:
            return _places(self.spelling(text), len(text))
        except Exception:
            log.exception("the spell checker failed; nothing was checked")
            return ()


def _places(given: Iterable[Span], length: int) -> tuple[Span, ...]:
    places = tuple(given)
    if not all(0 <= place.start < place.end <= length for place in places):
        raise ValueError("a place lies outside the text")
    return places


@attrs.define
class _GuardedRenderer:
    renderer: Renderer

    def render(self, body: str, values: Mapping[str, str | None]) -> Rendered:
        """The reply as it would be sent."""
        try:
            return self.renderer.render(body, values)
        except Exception:
            log.exception("the renderer failed; filled in without it")
            return _OURS.render(body, values)
