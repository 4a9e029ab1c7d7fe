"""Who may do what, and who may see what: two tables and one function, the only place that says it.

An actor's *standing* is what he is on this desk: an agent's role is looked up, never believed. His
*scope* is `own` (his own chat, ticket or self) or `any`; what a table does not name is refused.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from chatdesk.model import commands as c
from chatdesk.model import queries as q
from chatdesk.model.values import Actor, ActorKind, Audience, Role


class Standing(StrEnum):
    """What an actor is on a desk."""

    VISITOR = "visitor"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    SERVICE = "service"


class Scope(StrEnum):
    """On what."""

    OWN = "own"
    ANY = "any"


class Viewer(Struct, frozen=True):
    """Somebody who looks: an actor and, for an agent, his role."""

    actor: Actor
    standing: Standing


VISITOR, AGENT, SUPERVISOR = Standing.VISITOR, Standing.AGENT, Standing.SUPERVISOR
ADMIN, SERVICE = Standing.ADMIN, Standing.SERVICE
OWN, ANY = Scope.OWN, Scope.ANY

Row = Mapping[Standing, Scope]

_ADMINS: Row = {ADMIN: ANY, SERVICE: ANY}
_AGENTS_OWN: Row = {AGENT: OWN, SUPERVISOR: OWN, ADMIN: OWN}
_STAFF: Row = {AGENT: ANY, SUPERVISOR: ANY, ADMIN: ANY, SERVICE: ANY}
_AGENT_OWN_LEADERS_ANY: Row = {AGENT: OWN, SUPERVISOR: ANY, ADMIN: ANY, SERVICE: ANY}
_LEADERS: Row = {SUPERVISOR: ANY, ADMIN: ANY, SERVICE: ANY}
_VISITOR_OR_SHOP: Row = {VISITOR: OWN, SERVICE: ANY}

COMMANDS: Mapping[type[c.Command[Any]], Row] = {
    c.ConfigureDesk: _ADMINS,
    c.SaveQueue: _ADMINS,
    c.RetireQueue: _ADMINS,
    c.SaveAgent: _ADMINS,
    c.RetireAgent: _ADMINS,
    c.Connect: _AGENTS_OWN,
    c.Disconnect: _AGENTS_OWN,
    c.SetIntent: _AGENT_OWN_LEADERS_ANY,
    c.TakeChat: _AGENTS_OWN,
    c.AcceptOffer: _AGENTS_OWN,
    c.DeclineOffer: _AGENTS_OWN,
    c.RequestChat: _VISITOR_OR_SHOP,
    c.RenewVisit: {VISITOR: OWN},
    c.PostMessage: {VISITOR: OWN, **_AGENTS_OWN, SERVICE: ANY},
    c.PushPage: _AGENTS_OWN,
    c.PostNote: _AGENT_OWN_LEADERS_ANY,
    c.ReadChat: _AGENTS_OWN,
    c.TransferChat: _AGENT_OWN_LEADERS_ANY,
    c.EndChat: {VISITOR: OWN, **_AGENT_OWN_LEADERS_ANY},
    c.QualifyChat: _AGENT_OWN_LEADERS_ANY,
    c.CloseChat: _AGENT_OWN_LEADERS_ANY,
    c.RateChat: {VISITOR: OWN},
    c.SaveCustomer: _STAFF,
    c.SaveInteraction: _STAFF,
    c.RemoveInteraction: _STAFF,
    c.LeaveNote: _VISITOR_OR_SHOP,
    c.OpenTicket: _AGENT_OWN_LEADERS_ANY,
    c.AnswerTicket: _VISITOR_OR_SHOP,
    c.ReplyToTicket: _STAFF,
    c.CommentOnTicket: _STAFF,
    c.SetTicketState: _STAFF,
    c.RetitleTicket: _STAFF,
    c.AssignTicket: _STAFF,
    c.SaveCanned: _AGENT_OWN_LEADERS_ANY,
    c.RetireCanned: _AGENT_OWN_LEADERS_ANY,
    c.ImportCanned: _LEADERS,
    c.ForgetLearned: _STAFF,
}
"""Who may give which command; "own" is one's chat or ticket, or oneself."""

QUERIES: Mapping[type[q.Query[Any]], Row] = {
    q.AskConversation: {VISITOR: OWN},
    q.AskAvailability: {VISITOR: ANY, **_STAFF},
    q.AskOverview: _STAFF,
    q.AskMyChats: _AGENTS_OWN,
    q.AskWaiting: _STAFF,
    q.AskRunningChats: _LEADERS,
    q.AskVisitors: _STAFF,
    q.AskTranscript: _AGENT_OWN_LEADERS_ANY,
    q.AskCustomer: _STAFF,
    q.AskLastQuestions: _STAFF,
    q.AskTickets: _STAFF,
    q.AskTicket: _STAFF,
    q.AskExplain: _STAFF,
    q.AskWhyNot: _AGENT_OWN_LEADERS_ANY,
    q.AskSettings: _ADMINS,
    q.SearchCanned: _AGENT_OWN_LEADERS_ANY,
    q.AskSuggestions: _AGENT_OWN_LEADERS_ANY,
    q.AskCanned: _AGENT_OWN_LEADERS_ANY,
    q.AskCannedDetail: _AGENT_OWN_LEADERS_ANY,
    q.CheckDraft: _AGENT_OWN_LEADERS_ANY,
    q.AskCannedGaps: _LEADERS,
}
"""Who may ask what. An agent's "own" transcripts are those of running chats he has or had, of
chats in line, and of chats that are over, which belong to the customer's history (B20).

Watching visitors asks for a role, not for presence (B03, B04): a status says which chats an agent
gets, and a lease that has run out, as in a moment without a network, must not blind his console.
"""

ROLE_STANDING: Mapping[Role, Standing] = {
    Role.AGENT: AGENT,
    Role.SUPERVISOR: SUPERVISOR,
    Role.ADMIN: ADMIN,
}


KIND_STANDING: Mapping[ActorKind, Standing] = {
    ActorKind.VISITOR: VISITOR,
    ActorKind.SERVICE: SERVICE,
}


def standing(actor: Actor, role: Role | None) -> Standing | None:
    """The standing of an actor; `role` is what the desk has for an agent, if it has him."""
    if actor.kind is ActorKind.AGENT:
        return None if role is None else ROLE_STANDING[role]
    return KIND_STANDING.get(actor.kind)


def command_scope(command: type[c.Command[Any]], of: Standing | None) -> Scope | None:
    """On what the command may be given by that standing; `None`: not at all."""
    return None if of is None else COMMANDS[command].get(of)


def query_scope(query: type[q.Query[Any]], of: Standing | None) -> Scope | None:
    """On what the query may be asked by that standing; `None`: not at all."""
    return None if of is None else QUERIES[query].get(of)


def visible(audience: Audience, viewer: Viewer) -> bool:
    """Whether a viewer may see what is addressed to an audience. Every channel asks this.

    The shop's own code sees everything. A visitor sees what is addressed to him, an agent what is
    addressed to him or to the staff, a supervisor whatever any agent sees.
    """
    match viewer.standing:
        case Standing.SERVICE:
            return True
        case Standing.VISITOR:
            return audience.visitor is not None and audience.visitor == viewer.actor.id
        case Standing.AGENT:
            return audience.staff or viewer.actor.id in audience.agents
        case _:
            return audience.staff or bool(audience.agents)
