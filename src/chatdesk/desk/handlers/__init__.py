"""One handler function a command: it checks everything, then changes records."""

from collections.abc import Callable, Mapping
from typing import Any

from chatdesk.desk.handlers import agents, canned, chats, customers, setup, tickets, visitors
from chatdesk.desk.step import Step
from chatdesk.model import commands as c
from chatdesk.model.results import Result

Handler = Callable[[Step, Any], Result]

HANDLERS: Mapping[type[c.Command[Any]], Handler] = {
    c.ConfigureDesk: setup.configure_desk,
    c.SaveQueue: setup.save_queue,
    c.RetireQueue: setup.retire_queue,
    c.SaveAgent: setup.save_agent,
    c.RetireAgent: setup.retire_agent,
    c.Connect: agents.connect,
    c.Disconnect: agents.disconnect,
    c.SetIntent: agents.change_intent,
    c.TakeChat: agents.take_chat,
    c.AcceptOffer: agents.accept_offer,
    c.DeclineOffer: agents.decline_offer,
    c.RequestChat: chats.request_chat,
    c.RenewVisit: visitors.renew_visit,
    c.PostMessage: chats.post_message,
    c.PushPage: visitors.push_page,
    c.PostNote: chats.post_note,
    c.ReadChat: chats.read_chat,
    c.TransferChat: chats.transfer_chat,
    c.EndChat: chats.end_chat,
    c.QualifyChat: chats.qualify_chat,
    c.CloseChat: chats.close_chat,
    c.RateChat: chats.rate_chat,
    c.SaveCustomer: customers.save_customer,
    c.SaveInteraction: customers.save_interaction,
    c.RemoveInteraction: customers.remove_interaction,
    c.LeaveNote: tickets.leave_note,
    c.OpenTicket: tickets.open_ticket,
    c.AnswerTicket: tickets.answer_ticket,
    c.ReplyToTicket: tickets.reply_to_ticket,
    c.CommentOnTicket: tickets.comment_on_ticket,
    c.SetTicketState: tickets.set_ticket_state,
    c.RetitleTicket: tickets.retitle_ticket,
    c.AssignTicket: tickets.assign_ticket,
    c.SaveCanned: canned.save_canned,
    c.RetireCanned: canned.retire_canned,
    c.ImportCanned: canned.import_canned,
    c.ForgetLearned: canned.forget_learned,
}
"""The handler of every command."""
