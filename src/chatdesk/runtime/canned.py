"""Answers what agents ask about canned responses, from one index a process.

The index follows the replica's shelf: what was saved, sent or learned anywhere is in the next
answer. A replica that was loaded anew has a new shelf, with which the index is compared.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import cast, get_args

import attrs
from msgspec import Struct
from msgspec.structs import replace

from chatdesk.canned import checks
from chatdesk.canned.filling import values_for
from chatdesk.canned.learning import frequent_replies
from chatdesk.canned.placeholders import Renderer
from chatdesk.canned.responses import valid_at
from chatdesk.canned.search import Answer, CannedSearch, Embedder, Hit, Query, Use
from chatdesk.canned.suggest import SUGGESTED, Calibration, sure_enough, threshold
from chatdesk.canned.text import words
from chatdesk.canned.usage import Usage, UsageCount, count_at
from chatdesk.desk.machine import Desk
from chatdesk.desk.shelf import Shelf, ShelfNews
from chatdesk.desk.talk import asked_in, asked_text
from chatdesk.model import queries as q
from chatdesk.model.errors import InvalidInput, NotFound
from chatdesk.model.ids import ChatId, Instant
from chatdesk.model.records import Agent, CannedResponse, Chat, DeskSetup
from chatdesk.model.values import ActorKind
from chatdesk.rules.access import Scope
from chatdesk.runtime.archive import Archive
from chatdesk.runtime.asking import Asker, check_readable
from chatdesk.runtime.canned_gaps import Talk, names_in, questions_in, report, written_by_hand
from chatdesk.runtime.canned_hooks import guarded_embedder, guarded_renderer, guarded_spelling
from chatdesk.storage.port import Find

USES = frozenset(get_args(Use))
SHORT_LINE = 4
"""Words of a line that may add to the one before it; one of more is a question of its own."""

MOST_CHATS = 1000
"""Most chats that a report of gaps looks at."""
PERSONAL = ("customer.", "order.", "ticket.")
"""Placeholders that make a text this visitor's own (D06)."""


class Scene(Struct, frozen=True):
    """For whom and where a response would be sent."""

    setup: DeskSetup
    agent: Agent | None
    chat: Chat | None
    calibration: Calibration
    values: dict[str, str | None]
    teams: tuple[str, ...]
    """Those whose responses the asker sees: his own, or all if he leads."""


@attrs.define(eq=False)
class CannedAnswers:
    """Answers the queries about canned responses; safe to use from several threads.

    `looking` gives the desk with the replica's lock held, for as short as it takes to see what is
    new. The index has a lock of its own, always taken first, so that no commit waits for a search.
    """

    looking: Callable[[], AbstractContextManager[Desk]]
    archive: Archive
    clock: Callable[[], Instant]
    embedder: Embedder | None = attrs.field(default=None, converter=guarded_embedder)
    spelling: checks.SpellChecker | None = attrs.field(default=None, converter=guarded_spelling)
    renderer: Renderer = attrs.field(default=None, converter=guarded_renderer)
    _lock: Lock = attrs.field(factory=Lock, init=False)
    _search: CannedSearch = attrs.field(factory=CannedSearch, init=False)
    _shelf: Shelf | None = attrs.field(default=None, init=False)

    # -- the queries -----------------------------------------------------------------------------

    def search(self, query: q.SearchCanned, asker: Asker) -> q.CannedHits:
        """Responses for a text: a question, letters as they are typed, a shortcut."""
        if query.use not in USES:
            known = ", ".join(sorted(USES))
            raise InvalidInput.field("use", "unknown", f"{query.use!r} is none of {known}")
        scene = self._scene(asker, query.chat)
        asked = Query(
            text=query.text,
            now=self.clock(),
            use=cast("Use", query.use),
            agent=_agent_id(scene),
            teams=scene.teams,
            category=query.category,
            language=query.language,
            limit=max(1, query.limit),
            highlight=True,
        )
        with self._searching() as search:
            if asked.use != "question" or not asked.text.strip():
                return q.CannedHits(hits=self._shown(search.search(asked), scene))
            answer = search.answer(asked)
        hits = self._shown(answer.hits, scene)
        return q.CannedHits(hits=hits, confidence=answer.confidence)

    def suggest(self, query: q.AskSuggestions, asker: Asker) -> q.CannedHits:
        """The best responses to the last thing the visitor said.

        A short line that says nothing by itself is read with what he said before it.
        They are given in any case, for the feedback; `suggested` says whether to show them.
        """
        scene = self._scene(asker, query.chat)
        chat = scene.chat
        said = None if chat is None else self.archive.message(chat.id, chat.visitor_seq)
        if chat is None or said is None:
            return q.CannedHits(hits=())
        asked = Query(
            text=said.text,
            now=self.clock(),
            agent=_agent_id(scene),
            teams=scene.teams,
            limit=SUGGESTED,
        )
        needed = threshold(scene.calibration)
        with self._searching() as search:
            answer = search.answer(asked)
        if answer.confidence < needed and len(words(said.text)) <= SHORT_LINE:
            whole = asked_text(chat, map(self.archive.message_by_id, asked_in(chat)))
            with self._searching() as search:
                answer = max(answer, search.answer(replace(asked, text=whole)), key=_confidence_of)
        sure = sure_enough(answer, scene.calibration)
        return q.CannedHits(
            hits=self._shown(answer.hits, scene),
            confidence=answer.confidence,
            suggested=sure and chat.unanswered_since is not None,
        )

    def listed(self, query: q.AskCanned, asker: Asker) -> q.CannedList:
        """All responses the asker may use, by category (A18). O(responses)."""
        scene, now = self._scene(asker, query.chat), self.clock()
        with self.looking() as desk:
            kept = tuple(desk.state.shelf.responses.values())
        found: dict[str, list[CannedResponse]] = {}
        for response in kept:
            if _is_open_to(response, asker, scene) and _is_wanted(response, query, now):
                for category in dict.fromkeys(response.categories):
                    found.setdefault(category, []).append(response)
        return q.CannedList(
            categories=tuple(
                q.CannedCategory(category=category, responses=self._in_order(responses, scene))
                for category, responses in sorted(found.items())
            )
        )

    def detail(self, query: q.AskCannedDetail, asker: Asker) -> q.CannedDetail:
        """A response, in use or not, with what it has learned."""
        scene = self._scene(asker, None)
        with self.looking() as desk:
            shelf = desk.state.shelf
            response = shelf.responses.get(query.canned)
            learned = tuple(shelf.questions_of(query.canned))
            uses = [shelf.uses[id_] for id_ in shelf.uses_of.get(query.canned, ())]
        if response is None or not _is_open_to(response, asker, scene):
            raise NotFound("canned response", query.canned)
        now, all_of_them = self.clock(), asker.scope is Scope.ANY
        counts = tuple(
            q.CannedUsage(agent=use.agent, count=count_at(use.level, now))
            for use in sorted(uses, key=lambda use: use.agent or "")
            if all_of_them or use.agent in (None, asker.id)
        )
        return q.CannedDetail(response=response, learned=learned, usage=counts)

    def check(self, query: q.CheckDraft, asker: Asker) -> q.DraftFindings:
        """A look at a reply before it is sent (D06, D10)."""
        scene = self._scene(asker, query.chat)
        made_from = self._draft_source(query, asker, scene)
        body, personalised = None, False
        if made_from is not None:
            rendered = self.renderer.render(made_from.body, scene.values)
            body = rendered.text
            personalised = any(name.startswith(PERSONAL) for name in rendered.filled)
        draft = checks.Draft(
            text=query.text,
            canned=body,
            personalised=personalised,
            pushed_url=query.url,
            push_noticed=bool(query.text.strip()),
        )
        more = () if self.spelling is None else (checks.spelling(self.spelling),)
        found = checks.check(draft, (*checks.DEFAULT_CHECKS, *more))
        return q.DraftFindings(findings=tuple(map(_finding, found)))

    def gaps(self, query: q.AskCannedGaps) -> q.CannedGaps:
        """What the site or the list of responses lacks, seen in the last chats (D07, B29)."""
        limit = min(max(query.chats, 1), MOST_CHATS)
        chats = self.archive.chats(Find("chat", (), "requested_at", descending=True, limit=limit))
        messages = self.archive.messages_of(chat.id for chat in chats)
        talks = [Talk(chat, tuple(messages.get(chat.id, ()))) for chat in chats]
        with self.looking() as desk:
            known = tuple(desk.state.shelf.responses.values())
            teams = tuple(desk.state.shelf.teams)
        kept = [each for each in known if not each.retired]
        titles = {each.id: each.title for each in known if each.owner is None}
        asked = questions_in(talks, lambda text: self._answerable(text, teams))
        proposals = frequent_replies(
            written_by_hand(talks), [each.body for each in kept], names=names_in(talks)
        )
        return report(talks, asked, proposals, share=query.share, titles=titles)

    # -- the index -------------------------------------------------------------------------------

    def warm_up(self) -> None:
        """Takes into the index what is not yet there, so that the next search need not.

        Searches wait meanwhile, commands do not.
        """
        with self._searching():
            pass

    @contextmanager
    def _searching(self) -> Iterator[CannedSearch]:
        """The index as new as the replica, for this thread alone."""
        with self._lock:
            self._keep_up()
            yield self._search

    def _keep_up(self) -> None:
        """Takes what is new on the shelf. O(what is new); after a load all is compared."""
        known, self._shelf = self._shelf, None  # an error on the way is mended by a new index
        with self.looking() as desk:
            shelf = desk.state.shelf
            news = shelf.news(everything=shelf is not known)
        if known is None:
            self._search = CannedSearch(embedder=self.embedder)
        elif shelf is not known:
            self._clear({response.id for response, _ in news.responses})
        self._take(news)
        self._shelf = shelf

    def _clear(self, kept: set[str]) -> None:
        """Drops what a shelf that was loaded anew has not; what is as it was need not be read."""
        self._search.usage = Usage()
        for id_ in [each.id for each in self._search.responses() if each.id not in kept]:
            self._search.remove(id_)

    def _take(self, news: ShelfNews) -> None:
        search = self._search
        changed = []
        for response, learned in news.responses:
            if response.retired:
                search.remove(response.id)
            elif search.get(response.id) != response or search.learned(response.id) != learned:
                changed.append((response, learned))
        search.add_all(changed)
        search.usage.restore(UsageCount(use.response, use.agent, use.level) for use in news.uses)

    def _answerable(self, text: str, teams: tuple[str, ...]) -> float:
        with self._searching() as search:
            return search.answer(Query(text=text, now=self.clock(), teams=teams)).answerable

    # -- around a response -----------------------------------------------------------------------

    def _scene(self, asker: Asker, chat_id: ChatId | None) -> Scene:
        """Raises `NotFound` and `NotAllowed` for a chat the asker may not read."""
        with self.looking() as desk:
            state = desk.state
            is_agent = asker.viewer.actor.kind is ActorKind.AGENT
            agent = state.agents.get(asker.id) if is_agent else None
            chat = None if chat_id is None else state.chats.get(chat_id)
            setup, calibration = state.setup, state.shelf.calibration()
            teams = () if agent is None else agent.setup.teams
            if asker.scope is Scope.ANY:
                teams = tuple(state.shelf.teams)
        customer = None
        if chat_id is not None:
            chat = chat or self.archive.chat(chat_id)
            if chat is None:
                raise NotFound("chat", chat_id)
            check_readable(chat, asker)
            customer = self.archive.customer(chat.customer)
        values = values_for(setup, chat, agent, customer)
        return Scene(setup, agent, chat, calibration, values, teams)

    def _draft_source(
        self, query: q.CheckDraft, asker: Asker, scene: Scene
    ) -> CannedResponse | None:
        if query.canned is None:
            return None
        with self.looking() as desk:
            found = desk.state.shelf.responses.get(query.canned)
        if found is None or not _is_open_to(found, asker, scene):
            raise NotFound("canned response", query.canned)
        return found

    def _in_order(
        self, responses: Iterable[CannedResponse], scene: Scene
    ) -> tuple[q.CannedHit, ...]:
        by_title = sorted(responses, key=lambda each: (each.title.casefold(), each.id))
        return self._shown((Hit(each, 0.0) for each in by_title), scene)

    def _shown(self, hits: Iterable[Hit], scene: Scene) -> tuple[q.CannedHit, ...]:
        return tuple(self._hit(hit, scene) for hit in hits)

    def _hit(self, hit: Hit, scene: Scene) -> q.CannedHit:
        rendered = self.renderer.render(hit.response.body, scene.values)
        return q.CannedHit(
            response=hit.response,
            text=rendered.text,
            unfilled=(*rendered.unfilled, *rendered.unknown),
            score=hit.score,
            title_spans=tuple((span.start, span.end) for span in hit.title_spans),
            body_spans=tuple((span.start, span.end) for span in hit.body_spans),
        )


def _confidence_of(answer: Answer) -> float:
    return answer.confidence


def _agent_id(scene: Scene) -> str | None:
    return None if scene.agent is None else scene.agent.id


def _is_wanted(response: CannedResponse, query: q.AskCanned, now: Instant) -> bool:
    if response.retired:
        return query.retired
    return query.all_times or valid_at(response, now)


def _is_open_to(response: CannedResponse, asker: Asker, scene: Scene) -> bool:
    """An agent's own responses are his alone; the shop's own code sees all, to export them."""
    if asker.viewer.actor.kind is ActorKind.SERVICE:
        return True
    if response.owner is not None:
        return response.owner == asker.id
    return response.team is None or response.team in scene.teams


def _finding(found: checks.Finding) -> q.DraftFinding:
    span = None if found.span is None else (found.span.start, found.span.end)
    return q.DraftFinding(code=found.code, message=found.message, span=span, blocks=found.blocks)
