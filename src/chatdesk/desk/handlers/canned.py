"""Canned responses: kept by agents, counted and learned from when they are sent."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from chatdesk.canned.filling import values_for
from chatdesk.canned.learning import MOST_LEARNED, NEARLY, worth_learning
from chatdesk.canned.likeness import likeness
from chatdesk.canned.placeholders import PlaceholderRenderer
from chatdesk.canned.responses import duplicate_problems, problems
from chatdesk.canned.suggest import after_feedback
from chatdesk.canned.usage import HALF_LIFE, one_more
from chatdesk.desk.pages import check_attachments
from chatdesk.desk.shelf import SUGGESTING, Shelf, use_id
from chatdesk.desk.step import STAFF, Step
from chatdesk.desk.talk import asked_in, asked_text
from chatdesk.model.commands import (
    ForgetLearned,
    ImportCanned,
    PostMessage,
    RetireCanned,
    SaveCanned,
)
from chatdesk.model.errors import FieldProblem, InvalidInput, NotAllowed, NotFound, WrongState
from chatdesk.model.events import CannedChanged, CannedSent, LearnedForgotten
from chatdesk.model.ids import AgentId, message_id
from chatdesk.model.records import (
    CannedResponse,
    CannedUse,
    Chat,
    Learned,
    Message,
    Suggesting,
)
from chatdesk.model.results import CannedImported, CannedSaved, Done
from chatdesk.model.values import ActorKind
from chatdesk.rules.access import Scope

MOST_IMPORTED = 100_000

EDITED_AWAY = 0.4
"""Likeness to the canned text below which a reply no longer says what it says."""

SAME_QUESTION = 0.8
"""Likeness from which two questions are one."""

_RENDERER = PlaceholderRenderer()


def save_canned(step: Step, command: SaveCanned) -> CannedSaved:
    """Adds a response, or edits one; an edit of an older version is refused."""
    response = command.response
    before = step.state.shelf.responses.get(response.id)
    _check_owner(step, response)
    if before is not None:
        _check_owner(step, before)
        if _is_anothers(step, before):
            raise NotAllowed(
                f"{before.id!r} is the id of an agent's own response",
                mend="Leave the id out, or choose another one.",
            )
        if response.version != before.version:
            raise WrongState(
                f"response {response.id!r} is at version {before.version}, not {response.version}",
                mend="Read the response again and repeat the change.",
            )
    response = replace(response, id=response.id or f"r-{step.fresh}")
    found = (
        *problems(response),
        *_desk_problems(step, response),
        *_shared_shortcuts(step, response),
    )
    if found:
        raise InvalidInput(found)
    response = _put(step, response, before)
    return CannedSaved(canned=response.id, version=response.version)


def retire_canned(step: Step, command: RetireCanned) -> Done:
    """Takes a response out of use; what it has learned stays for its return."""
    response = step.state.shelf.response(command.canned)
    _check_owner(step, response)
    if _is_anothers(step, response):
        raise NotFound("canned response", command.canned)
    _put(step, replace(response, retired=True), response)
    return Done()


def import_canned(step: Step, command: ImportCanned) -> CannedImported:
    """Adds or changes responses by their ids: all, or none when anything is wrong with any."""
    responses = command.responses
    if len(responses) > MOST_IMPORTED:
        limit = f"at most {MOST_IMPORTED} at once"
        raise InvalidInput.field("responses", "too_long", limit)
    found = _import_problems(step, responses)
    if found:
        raise InvalidInput(found)
    known = step.state.shelf.responses
    changed = sum(response.id in known for response in responses)
    for response in responses:
        _put(step, response, known.get(response.id))
    return CannedImported(added=len(responses) - changed, changed=changed)


def forget_learned(step: Step, command: ForgetLearned) -> Done:
    """Takes a learned question away; an agent, of responses that he sees."""
    shelf = step.state.shelf
    learned = shelf.learned.get(command.learned)
    response = None if learned is None else shelf.responses.get(learned.response)
    if learned is None or response is None or _is_anothers(step, response):
        raise NotFound("learned question", command.learned)
    _unlearn(step, learned)
    return Done()


def check_canned(step: Step, command: PostMessage) -> CannedResponse | None:
    """The response the message was made from, if any; raises `NotFound`.

    One that was retired while the agent wrote is no reason to refuse his message.
    """
    if command.canned is None:
        return None
    response = step.state.shelf.responses.get(command.canned)
    if response is None or _is_anothers(step, response):
        raise NotFound("canned response", command.canned)
    return response


def canned_sent(
    step: Step, chat: Chat, command: PostMessage, response: CannedResponse | None
) -> None:
    """Counts what an agent sent, learns from it, and notes whether the suggestions were good.

    `chat` is as it was when he answered: its last message of the visitor is the question.
    """
    agent = step.me()
    sure = command.confidence
    if sure is not None and 0 <= sure <= 1 and chat.unanswered_since is not None:
        _note_suggestion(step, command, sure)
    if response is None and not command.discarded:
        return
    question = _question(step, chat)
    if question is not None:
        _withdraw(step, question, command.discarded)
    if response is None:
        return
    for whose in (None, agent):
        _count(step, response.id, whose)
    values = values_for(step.setup, chat, step.state.agents.get(agent))
    alike = round(likeness(_RENDERER.render(response.body, values).text, command.text), 6)
    learned = alike >= NEARLY and question is not None
    if question is not None and learned:
        _learn(step, replace(question, response=response.id))
    elif question is not None and alike < EDITED_AWAY:
        _withdraw(step, question, (response.id,))
    step.state.emit(
        CannedSent(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            chat=chat.id,
            queue=chat.queue,
            agent=agent,
            canned=response.id,
            seq=chat.messages + 1,
            likeness=alike,
            learned=learned,
        )
    )


def _shared_shortcuts(step: Step, response: CannedResponse) -> tuple[FieldProblem, ...]:
    return duplicate_problems(response, step.state.shelf.with_shortcuts_of(response))


def _desk_problems(step: Step, response: CannedResponse) -> Iterator[FieldProblem]:
    """Why a response could not be sent on this desk: its length, and its attachments' addresses."""
    limit = step.setup.message_max_length
    if len(response.body) > limit:
        message = f"has {len(response.body)} characters, a message has at most {limit}"
        yield FieldProblem("body", "too_long", message)
    try:
        check_attachments(response.attachments)
    except InvalidInput as error:
        yield from error.problems


def _import_problems(step: Step, responses: tuple[CannedResponse, ...]) -> list[FieldProblem]:
    """What is wrong with any of them, alone, beside each other or beside what the desk keeps."""
    imported, ids = Shelf(), {response.id for response in responses}
    found: list[FieldProblem] = []
    for number, response in enumerate(responses):
        twice = response.id in imported.responses
        kept = step.state.shelf.responses.get(response.id)
        taken = twice or (kept is not None and _is_anothers(step, kept))
        same = (FieldProblem("id", "invalid", "another response has this id"),) if taken else ()
        meeting = (
            *imported.with_shortcuts_of(response),
            *(o for o in step.state.shelf.with_shortcuts_of(response) if o.id not in ids),
        )
        wrong = (
            *problems(response),
            *_desk_problems(step, response),
            *same,
            *duplicate_problems(response, meeting),
        )
        found.extend(
            FieldProblem(f"responses[{number}].{each.field}", each.code, each.message)
            for each in wrong
        )
        imported.put_response(response)
    return found


def _check_owner(step: Step, response: CannedResponse) -> None:
    """An agent keeps his own responses; those of a team or of all are a supervisor's.

    A supervisor may give a response to an agent, and from then on it is that agent's alone.
    """
    if step.scope is Scope.OWN and response.owner != step.by.id:
        raise NotAllowed(
            "only a supervisor changes responses of others",
            mend="Make it your own: set its owner to yourself.",
        )


def _put(step: Step, response: CannedResponse, before: CannedResponse | None) -> CannedResponse:
    version = 1 if before is None else before.version + 1
    response = replace(response, version=version)
    step.state.put(response)
    step.state.emit(
        CannedChanged(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            canned=response.id,
            version=version,
            retired=response.retired,
        )
    )
    return response


def _count(step: Step, response: str, agent: AgentId | None) -> None:
    id_ = use_id(response, agent)
    before = step.state.shelf.uses.get(id_)
    level = one_more(None if before is None else before.level, step.now / HALF_LIFE)
    step.state.put(CannedUse(id=id_, response=response, agent=agent, level=level))


def _question(step: Step, chat: Chat) -> Learned | None:
    """What the reply answers, as a response may learn it; None if too little of it may be kept."""
    asked = asked_text(chat, (step.state.guests.get(Message, id_) for id_ in asked_in(chat)))
    agent = step.state.agents[step.me()].setup.name
    kept = worth_learning(asked, (chat.customer_name or "", agent))
    if kept is None:
        return None
    id_ = message_id(chat.id, chat.visitor_seq)
    return Learned(id=id_, response="", question=kept, customer=chat.customer, at=step.now)


def _learn(step: Step, learned: Learned) -> None:
    """Keeps the visitor's question as one more way to find the response."""
    own = step.state.shelf.questions_of(learned.response)
    if len(own) >= MOST_LEARNED:
        _unlearn(step, own[0])
    step.state.put(learned)


def _withdraw(step: Step, question: Learned, responses: Iterable[str]) -> None:
    """Takes the question away from responses that have learned it and did not answer it."""
    for id_ in dict.fromkeys(responses):
        response = step.state.shelf.responses.get(id_)
        if response is None or _is_anothers(step, response):
            continue
        for learned in step.state.shelf.questions_of(id_):
            if likeness(learned.question, question.question) >= SAME_QUESTION:
                _unlearn(step, learned)


def _is_anothers(step: Step, response: CannedResponse) -> bool:
    """Whether the response is an agent's own, and not of him who asks."""
    return step.by.kind is not ActorKind.SERVICE and response.owner not in (None, step.by.id)


def _unlearn(step: Step, learned: Learned) -> None:
    step.state.put(replace(learned, question="", removed=True))
    step.state.emit(
        LearnedForgotten(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            canned=learned.response,
            learned=learned.id,
        )
    )


def _note_suggestion(step: Step, command: PostMessage, confidence: float) -> None:
    accepted = command.canned is not None and command.canned in command.suggested
    after = after_feedback(step.state.shelf.calibration(), confidence, accepted=accepted)
    step.state.put(
        Suggesting(
            id=SUGGESTING, wanted=after.wanted, accepted=after.accepted, ignored=after.ignored
        )
    )
