"""Visitors on the site: who is there and where, and pages that an agent suggests."""

from msgspec.structs import replace

from chatdesk.canned.checks import Draft, push_without_notice
from chatdesk.desk import visits
from chatdesk.desk.checks import LANGUAGE_LENGTH, WORD_LENGTH, check_length, check_page, check_text
from chatdesk.desk.handlers.chats import check_epoch
from chatdesk.desk.pages import check_address
from chatdesk.desk.step import Step, talk_audience
from chatdesk.desk.talk import add_message, agent_says
from chatdesk.model.commands import PushPage, RenewVisit
from chatdesk.model.errors import NoticeRequired, WrongState
from chatdesk.model.records import Chat, Visitor
from chatdesk.model.results import Done, MessagePosted
from chatdesk.model.values import ChatState, MessageKind
from chatdesk.rules.instants import after
from chatdesk.rules.lifecycle import IN_LINE

TITLE_LENGTH = 200


# -- visits --------------------------------------------------------------------------------------


def renew_visit(step: Step, command: RenewVisit) -> Done:
    """The visitor is still there, or closes a page; in line being there keeps his place."""
    check_page(command.page)
    check_length(command.language, "language", LANGUAGE_LENGTH)
    check_length(command.timezone, "timezone", WORD_LENGTH)
    setup, known = step.setup, step.state.visitor(step.by.id)
    if command.leaving:
        if known is not None:
            _keep(step, known, visits.leaving(known, step.now, command.page))
        return Done()
    chat = None if known is None or known.chat is None else step.state.chats.get(known.chat)
    if setup.visit_lease_seconds is not None:
        _renew(step, command, known, setup.visit_lease_seconds)
    elif known is not None and known.chat is not None:
        page = command.page or known.page
        _keep(step, known, replace(known, page=page, last_seen_at=step.now))
    if chat is not None and chat.state in IN_LINE:
        until = after(step.now, setup.visitor_lease_seconds)
        step.state.put(replace(chat, visitor_until=until))
    return Done()


def _renew(step: Step, command: RenewVisit, known: Visitor | None, lease: float) -> None:
    now = step.now
    visitor = known or Visitor(id=step.by.id, first_seen_at=now, last_seen_at=now)
    _keep(
        step,
        known,
        visits.renewed(
            visitor,
            now,
            lease,
            page=command.page,
            language=command.language,
            timezone=command.timezone,
        ),
    )


def _keep(step: Step, before: Visitor | None, visitor: Visitor) -> None:
    """Writes a visitor down, if there is anything new."""
    if visitor is not before:
        step.state.put(visitor)


# -- pages ---------------------------------------------------------------------------------------


def push_page(step: Step, command: PushPage) -> MessagePosted:
    """Gives notice and then suggests a page, which the visitor may follow (D08, A35)."""
    chat = step.own_chat(command.chat)
    url = check_address(command.url)
    title = _title(step, command)
    notice = _notice(step, command, url)
    if chat.state is not ChatState.ACTIVE:
        raise WrongState(f"chat {chat.id!r} is {chat.state}; pages are for a running chat")
    check_epoch(chat, command.epoch)
    chat = agent_says(step, chat, step.by, notice)
    chat = _suggest(step, chat, url, {} if title is None else {"title": title})
    step.state.put(chat)
    return MessagePosted(chat=chat.id, seq=chat.messages)


def _notice(step: Step, command: PushPage, url: str) -> str:
    """What the visitor is told first; raises `NoticeRequired`."""
    notice = (command.notice or "").strip()
    draft = Draft(text=notice, pushed_url=url, push_noticed=bool(notice))
    for finding in push_without_notice(draft):
        raise NoticeRequired(finding.message)
    return check_text(step, notice, "notice")


def _title(step: Step, command: PushPage) -> str | None:
    check_length(command.title, "title", TITLE_LENGTH)
    return None if command.title is None else check_text(step, command.title, "title")


def _suggest(step: Step, chat: Chat, url: str, details: dict[str, str]) -> Chat:
    kind, audience = MessageKind.PAGE, talk_audience(chat)
    chat = add_message(step, chat, kind, audience, step.by, text=url, details=details)
    return replace(chat, read_to=chat.messages)
