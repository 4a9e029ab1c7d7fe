"""Small faults put into the machine, each of which some test or random desk must find.

A mutant is a file below `src/chatdesk`, a text that occurs in it once, and what it becomes.
"""

import attrs

from chatdesk.model.ids import Seconds


@attrs.frozen
class Mutant:
    """One fault."""

    file: str
    text: str
    becomes: str


LIMIT: Seconds = 240.0
"""After so long a mutant that hangs is ended, which counts as found."""

MUTANTS = (
    # the first are also tried in the ordinary run: random desks find them fast
    Mutant(
        "desk/chats.py",
        "chat = free_chat_slot(step, chat)\n    chat = replace(move(chat, ChatTrigger.HAND_OVER)",
        "chat = replace(move(chat, ChatTrigger.HAND_OVER)",
    ),
    Mutant("desk/chats.py", "declined = (*declined, offer.agent)", "declined = (offer.agent,)"),
    Mutant("desk/chats.py", "step.state.put(replace(visitor, chat=None))", "pass"),
    Mutant("desk/talk.py", "seq = chat.messages + 1", "seq = max(chat.messages, 1)"),
    Mutant("desk/staffing.py", "replace(agent, load=agent.load - 1)", "replace(agent, load=0)"),
    Mutant("desk/presence.py", "if lease.until > step.now", "if lease.until >= step.now"),
    Mutant(
        "desk/state.py",
        "elif not waits:\n            self.router.dequeue(chat.id)",
        "elif not waits and chat.state != 'missed':\n            self.router.dequeue(chat.id)",
    ),
    Mutant("desk/routing.py", "full = waiting >= limit", "full = waiting > limit"),
    # chats
    Mutant("desk/chats.py", "attention=chat.visitor_seq > chat.read_to", "attention=False"),
    Mutant("desk/chats.py", "agents=(*chat.agents, agent_id)", "agents=(agent_id,)"),
    Mutant(
        "desk/chats.py",
        "chat = replace(move(chat, ChatTrigger.OFFER), epoch=chat.epoch + 1)",
        "chat = replace(move(chat, ChatTrigger.OFFER), epoch=chat.epoch)",
    ),
    Mutant("desk/chats.py", "if state is not OfferState.ACCEPTED:", "if True:"),
    Mutant("desk/chats.py", "if state is not OfferState.WITHDRAWN:", "if True:"),
    Mutant(
        "desk/chats.py",
        "if chat.unanswered_since is not None:\n        chat = expect_reply",
        "if chat.unanswered_since is None:\n        chat = expect_reply",
    ),
    Mutant(
        "desk/chats.py", "limit = None if until is None else after(step.now, until)", "limit = None"
    ),
    Mutant(
        "desk/chats.py",
        "if is_qualified(step, chat):\n        close(step, chat)",
        "close(step, chat)",
    ),
    Mutant(
        "desk/chats.py",
        "return chat.qualified_at is not None or not requires",
        "return chat.qualified_at is not None or requires",
    ),
    Mutant(
        "desk/chats.py",
        "queued_at=step.now,\n        wait_level=WaitLevel.FINE",
        "queued_at=step.now,\n        waiting_since=step.now,\n        wait_level=WaitLevel.FINE",
    ),
    Mutant("desk/chats.py", "reply_due_at=None,\n        assigned_at=None", "assigned_at=None"),
    Mutant("desk/chats.py", "settle_offer(step, chat, offer, OfferState.WITHDRAWN)", "pass"),
    Mutant("desk/chats.py", "ChatTrigger.LEAVE if left else", "ChatTrigger.MISS if left else"),
    Mutant(
        "desk/chats.py", "step.state.put(replace(chat, attention=False))", "step.state.put(chat)"
    ),
    # talk
    Mutant(
        "desk/talk.py",
        "visitor_seq=chat.messages, attention=chat.agent is not None",
        "visitor_seq=chat.messages, attention=True",
    ),
    Mutant(
        "desk/talk.py",
        "if chat.unanswered_since is None:\n        chat = replace(chat, "
        "unanswered_since=step.now)",
        "if True:\n        chat = replace(chat, unanswered_since=step.now)",
    ),
    Mutant(
        "desk/talk.py",
        "replace(chat, read_to=chat.messages, attention=False,",
        "replace(chat, attention=False,",
    ),
    Mutant(
        "desk/talk.py",
        "setup.first_reply_seconds if chat.first_reply_at is None",
        "setup.first_reply_seconds if chat.first_reply_at",
    ),
    Mutant("desk/talk.py", "if author.kind is not ActorKind.AGENT:\n        return chat\n", ""),
    # agents
    Mutant("desk/staffing.py", "if can and not was:", "if can:"),
    Mutant("desk/staffing.py", "elif was and not can:", "elif False:"),
    Mutant("desk/staffing.py", "available_since=None, available_seconds", "available_seconds"),
    Mutant(
        "desk/presence.py",
        "if not agent.leases and not _just_left(step, agent):",
        "if not _just_left(step, agent):",
    ),
    Mutant("desk/presence.py", "left_at = None if leases else step.now", "left_at = step.now"),
    Mutant("desk/presence.py", "latest_first[: max(surplus, 0)]", "latest_first"),
    Mutant(
        "desk/presence.py",
        "withdraw_offers(step, step.state.agents[agent.id])\n\n\ndef refresh_shift",
        "pass\n\n\ndef refresh_shift",
    ),
    Mutant(
        "desk/handlers/agents.py",
        "if agent.load >= agent.setup.capacity:",
        "if agent.load > agent.setup.capacity:",
    ),
    Mutant("desk/handlers/agents.py", "and offer.agent == step.by.id and", "and"),
    Mutant(
        "desk/handlers/setup.py", "    refresh_shift(step, step.state.agents[command.agent])\n", ""
    ),
    Mutant("desk/handlers/setup.py", "    pass_tickets_on(step, agent.id)\n", ""),
    Mutant("desk/handlers/setup.py", "    step.state.touched_queues[queue.id] = None\n", ""),
    # time
    Mutant(
        "desk/deadlines.py",
        "elif limit is not None and limit <= step.now:",
        "elif limit is not None and limit < step.now:",
    ),
    Mutant("desk/deadlines.py", "        step.state.ask_again(chat)\n", ""),
    Mutant("desk/deadlines.py", "    drop_leases(step, step.state.agents[id_])\n", ""),
    Mutant(
        "desk/deadlines.py",
        "elif chat.holds_slot:\n            end_wrap_up_slot",
        "elif not chat.holds_slot:\n            end_wrap_up_slot",
    ),
    Mutant(
        "desk/deadlines.py",
        "first=chat.first_reply_at is None,\n        )\n    )\n\n\ndef _agent",
        "first=True,\n        )\n    )\n\n\ndef _agent",
    ),
    Mutant("desk/timers.py", "after(chat.queued_at, limit)", "after(chat.requested_at, limit)"),
    Mutant(
        "desk/machine.py",
        "step = Step(state, CLOCK, self.now)",
        "step = Step(state, CLOCK, now)",
    ),
    Mutant("desk/machine.py", "self.advance(now)\n        kind", "kind"),
    Mutant("desk/routing.py", "waiting > reopen", "waiting >= reopen"),
    Mutant(
        "desk/state.py",
        "                self.newly_waiting[chat.id] = None  # another policy looks again at "
        "another time\n",
        "",
    ),
    # asking and ending
    Mutant(
        "desk/handlers/chats.py",
        "if known is not None and known.chat is not None:",
        "if known is not None and known.chat is None:",
    ),
    Mutant(
        "desk/handlers/chats.py", "attention = chat.visitor_seq > command.seq", "attention = False"
    ),
    Mutant("desk/handlers/chats.py", "if command.seq > chat.read_to and", "if True and"),
    Mutant("desk/handlers/chats.py", "if not moves.is_qualified(step, chat):", "if False:"),
    Mutant(
        "desk/handlers/chats.py",
        "if step.setup.transfer_consent_required and not",
        "if not step.setup.transfer_consent_required and not",
    ),
    Mutant(
        "desk/handlers/chats.py",
        "if epoch is not None and epoch != chat.epoch:",
        "if epoch is not None and epoch > chat.epoch:",
    ),
    Mutant("desk/handlers/chats.py", "(*chat.declined_by, giver)", "chat.declined_by"),
    Mutant("desk/handlers/chats.py", "if queue.full and not", "if False and not"),
    Mutant("desk/handlers/chats.py", "if queue.setup.mode is QueueMode.PULL:", "if False:"),
    Mutant(
        "desk/handlers/chats.py", "not _is_served_at_once(step, queue, chat)", "not chat.messages"
    ),
    Mutant("rules/staff.py", "agent_id in chat.declined_by and agent_id in chat.agents", "False"),
    Mutant("rules/staff.py", " and agent_id in chat.agents", ""),
    Mutant("desk/tickets.py", "choose_assignee(step, ticket), author=CLOCK", "None"),
    Mutant(
        "desk/tickets.py",
        "step, ticket, EntryKind.ASSIGNEE, author=author,",
        "step, ticket, EntryKind.ASSIGNEE,",
    ),
    Mutant(
        "desk/handlers/chats.py",
        "audience=chat_audience(chat) if kind is not FormKind.QUALIFICATION else STAFF",
        "audience=chat_audience(chat)",
    ),
    Mutant(
        "desk/step.py",
        "Audience(agents=() if chat.agent is None else (chat.agent,), staff=chat.agent is None)",
        "Audience(visitor=chat.visitor, staff=True)",
    ),
    Mutant(
        "desk/step.py",
        "by.kind is ActorKind.VISITOR and chat.visitor != by.id",
        "by.kind is ActorKind.VISITOR and False",
    ),
    # customers and tickets
    Mutant("desk/customers.py", "if getattr(customer, key) is None}", "}"),
    Mutant("desk/customers.py", "    claims = _without_taken(step, claims)\n    gaps", "    gaps"),
    Mutant("desk/customers.py", "return text.strip().casefold()", "return text.strip()"),
    Mutant("desk/needs.py", '.replace(":", "%3A")', ""),
    Mutant(
        "desk/tickets.py", "INTERNAL = frozenset({EntryKind.COMMENT, ", "INTERNAL = frozenset({"
    ),
    Mutant("desk/tickets.py", "ticket=step.state.counters.ticket + 1", "ticket=1"),
    Mutant("desk/tickets.py", "if ticket.assignee is not None and was != is_:", "if False:"),
    Mutant(
        "desk/tickets.py",
        "    if live and ticket.assignee is not None:\n        "
        "_add_tickets(step, ticket.assignee, -1)\n",
        "",
    ),
    Mutant(
        "desk/tickets.py",
        "solved_at=step.now if state is TicketState.SOLVED else None",
        "solved_at=step.now",
    ),
    Mutant(
        "desk/handlers/tickets.py",
        "if step.scope is Scope.OWN and ticket.visitor != step.by.id",
        "if False and ticket.visitor != step.by.id",
    ),
    # rules
    Mutant("rules/availability.py", "        and agent.on_shift\n", ""),
    Mutant(
        "rules/availability.py",
        "agent.load >= agent.setup.capacity",
        "agent.load > agent.setup.capacity",
    ),
    Mutant(
        "rules/lifecycle.py",
        "(TicketState.SPAM, TicketTrigger.ANSWER): TicketState.SPAM",
        "(TicketState.SPAM, TicketTrigger.ANSWER): TicketState.OPEN",
    ),
    Mutant(
        "rules/lifecycle.py",
        "(ChatState.ACTIVE, ChatTrigger.END): ChatState.WRAP_UP",
        "(ChatState.ACTIVE, ChatTrigger.END): ChatState.CLOSED",
    ),
    Mutant("rules/forms.py", "type(value) is int and 1 <= value", "1 <= value"),
    Mutant(
        "rules/forms.py",
        "if given.isdisjoint(group)",
        "if not given.issuperset(group)",
    ),
    Mutant("rules/hours.py", "if start <= now < end:", "if start < now <= end:"),
    Mutant(
        "rules/access.py",
        "return audience.staff or viewer.actor.id in audience.agents",
        "return True",
    ),
    Mutant(
        "rules/access.py",
        "audience.visitor is not None and audience.visitor == viewer.actor.id",
        "audience.visitor is not None",
    ),
    Mutant(
        "rules/waits.py",
        "return position * handling_seconds / slots",
        "return position * handling_seconds",
    ),
    # visits, pages and promises
    Mutant("desk/visits.py", "left >= lease * KEPT_SHARE", "left >= 0"),
    Mutant("desk/visits.py", "if told == visitor and not moved and", "if not moved and"),
    Mutant(
        "desk/visits.py", "elsewhere or visitor.here_until is None", "visitor.here_until is None"
    ),
    Mutant(
        "desk/visits.py", "here_since=now if visitor.here_since is None", "here_since=now if True"
    ),
    Mutant("desk/visits.py", "if visitor.chat is not None:\n        return over", "return over"),
    Mutant("desk/visits.py", "inclusive=(False, True)", "inclusive=(True, True)"),
    Mutant("desk/visits.py", "self._places.remove(was)", "pass"),
    Mutant("desk/state.py", "self.visits.follow(visitor, None)", "pass"),
    Mutant("desk/handlers/visitors.py", "if visitor is not before:", "if True:"),
    Mutant("desk/handlers/visitors.py", "push_noticed=bool(notice)", "push_noticed=True"),
    Mutant("desk/handlers/visitors.py", "chat = agent_says(step, chat, step.by, notice)", "pass"),
    Mutant("desk/machine.py", "frozenset({RenewVisit})", "frozenset()"),
    Mutant("desk/pages.py", 'if url.startswith("//"):', "if False:"),
    Mutant("desk/pages.py", 'if "@" in authority:', "if False:"),
    Mutant(
        "desk/deadlines.py",
        "replace(chat, promise_late=True)",
        "replace(chat, promised_until=None)",
    ),
    Mutant("desk/talk.py", '"promise_late": False', '"promise_late": chat.promise_late'),
    Mutant("desk/timers.py", "None if chat.promise_late else chat.promised_until", "None"),
)
