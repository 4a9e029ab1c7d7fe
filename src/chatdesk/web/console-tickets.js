// Tickets: the list by state (B37, B39), one with its entries, replies, comments, title, assignee.

import { shownMessage } from "./console-chat.js";
import { newId } from "./client.js";
import { button, debounced, h, linkify, setText } from "./dom.js";
import { FormView, selectField, textField } from "./forms.js";
import { Log } from "./talk.js";

const STATES = ["open", "pending", "solved", "spam"];

export class TicketsPane {
  constructor(desk) {
    this.desk = desk;
    const { words } = desk;
    this.current = null;
    this.detail = null;
    this.refresh = debounced(() => this.#ask(), 300);
    this.state = selectField("state", words.say("tickets.show"),
      STATES.map((state) => [state, words.say(`ticket.state.${state}`)]), "open");
    this.state.control.addEventListener("change", () => this.#ask());
    this.mine = h("input", { type: "checkbox", onchange: () => this.#ask() });
    this.list = h("ul", { class: "tickets" });
    this.more = button(words.say("tickets.more"), () => this.#ask(this.after), { hidden: true });
    this.listView = h("div", {}, h("div", { class: "row" }, this.state.element,
      h("label", {}, this.mine, " ", words.say("tickets.mine"))), this.list, this.more);
    this.place = h("div", { hidden: true });
    this.element = h("div", {}, this.listView, this.place);
  }

  shown() {
    this.#ask();
  }

  changed(id) {
    this.refresh();
    if (id === this.current) this.detail?.refresh();
  }

  async #ask(after = null) {
    const { desk } = this;
    if (desk.me === null || this.element.closest("[hidden]")) return;
    const assignee = this.mine.checked ? { assignee: desk.me } : {};
    const page = after === null ? {} : { after };
    const states = [this.state.control.value];
    try {
      const list = await desk.send({ type: "tickets", states, ...assignee, ...page });
      this.#render(list, after !== null);
    } catch (error) {
      desk.fail(error);
    }
  }

  #render({ tickets, after = null }, append) {
    const { words } = this.desk;
    this.after = after;
    this.more.hidden = after === null;
    const entries = tickets.map((ticket) => this.#entry(ticket));
    if (append) this.list.append(...entries);
    else if (entries.length) this.list.replaceChildren(...entries);
    else this.list.replaceChildren(h("li", { class: "soft" }, words.say("tickets.none")));
  }

  #entry(ticket) {
    const { desk } = this;
    const { words } = desk;
    const text = `#${ticket.number} ${ticket.title}`;
    const who = ticket.assignee ? desk.agentName(ticket.assignee) : words.say("tickets.nobody");
    const when = words.dateTime(ticket.updated_at);
    return h("li", {}, button(text, () => this.open(ticket.id), { class: "plain" }), " ",
      h("span", { class: "soft" }, `${who} · ${when}`));
  }

  open(id) {
    this.current = id;
    this.detail = new TicketView(this.desk, id, () => this.#close());
    this.place.replaceChildren(this.detail.element);
    this.place.hidden = false;
    this.listView.hidden = true;
  }

  #close() {
    this.current = null;
    this.detail = null;
    this.place.hidden = true;
    this.listView.hidden = false;
    this.#ask();
  }
}

/** One ticket whole. */
class TicketView {
  constructor(desk, id, back) {
    this.desk = desk;
    this.id = id;
    const { words } = desk;
    this.refresh = debounced(() => this.#ask(), 200);
    this.heading = h("h2");
    this.facts = h("p", { class: "soft" });
    this.entries = h("div", { class: "messages" });
    const transcript = h("summary", {}, words.say("ticket.transcript"));
    this.transcript = h("details", { hidden: true }, transcript);
    this.element = h(
      "div", { class: "ticket" },
      button(words.say("tickets.back"), back, { class: "plain" }),
      this.heading, this.facts, this.#settings(), this.transcript, this.entries,
      this.#reply(), this.#comment(),
    );
    this.#ask();
  }

  async #do(frame) {
    await this.desk.send({ ticket: this.id, ...frame });
    await this.#ask();
  }

  async #try(frame) {
    try {
      await this.#do(frame);
    } catch (error) {
      this.desk.fail(error);
      this.#ask();
    }
  }

  #settings() {
    const { words } = this.desk;
    this.state = selectField("state", words.say("tickets.state"),
      STATES.map((state) => [state, words.say(`ticket.state.${state}`)]));
    this.state.control.addEventListener("change", () =>
      this.#try({ type: "set_ticket_state", state: this.state.control.value }));
    this.assignee = selectField("agent", words.say("ticket.assignee"), []);
    this.assignee.control.addEventListener("change", () => this.#assign());
    this.title = textField("title", words.say("ticket.title"), { maxLength: 200 });
    const retitle = new FormView({
      words,
      before: [this.title],
      sendText: words.say("ticket.retitle"),
      submit: () => this.#do({ type: "retitle_ticket", title: this.title.value ?? "" }),
    });
    return h("details", {}, h("summary", {}, words.say("ticket.change")),
      this.state.element, this.assignee.element, retitle.element);
  }

  #assign() {
    const { value } = this.assignee.control;
    this.#try({ type: "assign_ticket", agent: value === "" ? null : value });
  }

  #reply() {
    const { words } = this.desk;
    const text = textField("text", words.say("ticket.reply"), { long: true, maxLength: 8000 });
    const then = selectField("then", words.say("ticket.then"), [
      ["", words.say("ticket.then.same")],
      ["pending", words.say("ticket.then.pending")],
      ["solved", words.say("ticket.then.solved")],
    ]);
    let id = newId();
    const form = new FormView({
      words,
      before: [text, then],
      sendText: words.say("ticket.send_reply"),
      submit: async () => {
        const { value } = then.control;
        const state = value === "" ? {} : { state: value };
        await this.#do({ type: "reply_to_ticket", id, text: text.value ?? "", ...state });
        id = newId();
        text.control.value = "";
        then.control.value = "";
      },
    });
    return form.element;
  }

  #comment() {
    const { words } = this.desk;
    const text = textField("text", words.say("ticket.comment"), { long: true, maxLength: 8000 });
    const form = new FormView({
      words,
      before: [text],
      sendText: words.say("ticket.send_comment"),
      submit: async () => {
        await this.#do({ type: "comment_on_ticket", text: text.value ?? "" });
        text.control.value = "";
      },
    });
    return form.element;
  }

  async #ask() {
    const { desk } = this;
    try {
      this.#render(await desk.send({ type: "ticket", ticket: this.id }));
    } catch (error) {
      desk.fail(error);
    }
  }

  #render(view) {
    const { desk } = this;
    const { words } = desk;
    const { ticket, entries, customer, names = {}, transcript = [] } = view;
    setText(this.heading, `#${ticket.number} ${ticket.title}`);
    const nobody = words.say("tickets.nobody");
    const who = ticket.assignee ? desk.agentName(ticket.assignee, names) : nobody;
    const facts = [
      words.say(`ticket.state.${ticket.state}`), who, customer?.name, customer?.email,
      words.dateTime(ticket.created_at), words.say(`ticket.source.${ticket.source}`),
    ];
    setText(this.facts, facts.filter(Boolean).join(" · "));
    if (document.activeElement !== this.state.control) this.state.control.value = ticket.state;
    if (document.activeElement !== this.title.control) this.title.control.value = ticket.title;
    this.#renderAssignees(ticket);
    const whose = { customerName: customer?.name ?? words.say("chat.visitor"), names };
    this.entries.replaceChildren(...entries.map((entry) => this.#entry(entry, whose)));
    this.#renderTranscript(transcript, whose);
  }

  #renderAssignees(ticket) {
    const { desk } = this;
    const agents = (desk.overview?.agents ?? []).filter((each) => each.status !== "retired");
    const options = agents.map((each) => h("option", { value: each.agent }, each.name));
    const nobody = h("option", { value: "" }, desk.words.say("ticket.assign_auto"));
    if (document.activeElement === this.assignee.control) return;
    this.assignee.control.replaceChildren(nobody, ...options);
    this.assignee.control.value = ticket.assignee ?? "";
  }

  #entry(entry, { customerName, names }) {
    const { desk } = this;
    const { words } = desk;
    const author = this.#author(entry, customerName, names);
    const who = [author, words.say(`entry.${entry.kind}`)].filter(Boolean).join(" · ");
    const head = h("header", {}, h("span", { class: "author" }, who), " ",
      h("time", {}, words.dateTime(entry.at)));
    const body = h("p", { class: "body" }, ...linkify(this.#entryText(entry)));
    const side = { comment: "staff note", reply: "mine" }[entry.kind] ?? "theirs";
    return h("article", { class: `message ${side} entry-${entry.kind}` }, head, body);
  }

  /** Who wrote; a change that came about by a customer's or the clock's doing has no author. */
  #author(entry, customerName, names) {
    if (entry.author.kind === "agent") return this.desk.agentName(entry.author.id, names);
    return entry.text ? customerName : null;
  }

  #entryText(entry) {
    const { desk } = this;
    const { words } = desk;
    if (entry.text) return entry.text;
    const show = (value) => {
      if (value === null || value === undefined || value === "") return words.say("tickets.nobody");
      if (entry.kind === "state") return words.say(`ticket.state.${value}`);
      return entry.kind === "assignee" ? desk.agentName(value) : value;
    };
    if (entry.before === undefined && entry.after === undefined) return "";
    return `${show(entry.before)} → ${show(entry.after)}`;
  }

  #renderTranscript(messages, whose) {
    this.transcript.hidden = messages.length === 0;
    if (messages.length === 0) return;
    if (!this.log) {
      this.log = new Log(this.desk.words, this.desk.words.say("ticket.transcript"));
      this.transcript.append(this.log.element);
    }
    this.log.add(messages.map((message) => shownMessage(this.desk, message, whose)));
  }
}
