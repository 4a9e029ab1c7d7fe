// What the widget's panel shows: the form before a chat, the note, the chat, the notes he left.

import { button, h, linkify, setText } from "./dom.js";
import { FormView, textField } from "./forms.js";
import { inTab } from "./kept.js";
import { Composer, Log, sendMessage, systemText } from "./talk.js";

const LIVE = new Set(["waiting", "offered", "active"]);
const QUESTION_LENGTH = 8000;

export function isLive(chat) {
  return chat !== null && LIVE.has(chat.state);
}

function pageNow() {
  return { url: location.href, title: document.title, referrer: document.referrer };
}

/** The fields a request and a note have in common. */
function contactForm(widget, label, submit, sendText) {
  const { words } = widget;
  const long = textField("question", label, {
    long: true,
    required: true,
    maxLength: QUESTION_LENGTH,
    value: widget.draft,
  });
  long.control.addEventListener("input", () => (widget.draft = long.control.value));
  const form = new FormView({
    form: widget.conversation.prechat,
    words,
    before: [long],
    sendText,
    given: widget.given,
    submit: (view) => submit(long.value ?? "", view.answers),
  });
  form.element.addEventListener("input", () => (widget.given = form.answers));
  return { form, long };
}

/** Before a chat: the question and the pre-chat form (A01, A05). */
export class RequestView {
  constructor(widget) {
    this.widget = widget;
    this.expected = h("p", { class: "hint", role: "status" });
    const { words } = widget;
    const { form, long } = contactForm(
      widget,
      words.say("request.question"),
      (question, answers) => this.#request(question, answers),
      words.say("request.send"),
    );
    this.long = long;
    const intro = h("p", {}, words.say("request.intro"));
    this.element = h("div", { class: "scroll" }, intro, this.expected, form.element);
  }

  update() {
    const { queue, words } = this.widget;
    const waiting = queue?.waiting ?? 0;
    const parts = [];
    if (waiting) parts.push(words.say("request.waiting", { count: waiting }));
    if (queue?.expected_wait > 1) {
      parts.push(words.say("wait.expected", { time: words.duration(queue.expected_wait) }));
    }
    setText(this.expected, parts.join(" "));
  }

  focus() {
    this.long.focus();
  }

  async #request(question, answers) {
    const { widget } = this;
    const { source, topic } = widget.settings;
    const { language } = widget.words;
    const queue = widget.queue.queue;
    const more = topic === null ? {} : { topic };
    let missed = false;
    try {
      const requested = await widget.connection.send({
        type: "request_chat", queue, question, answers, source, language, page: pageNow(), ...more,
      });
      missed = requested.state === "missed";
    } catch (error) {
      // somebody left or another tab asked: the desk's present state says what comes next
      if (!["desk_unavailable", "open_chat_exists"].includes(error.code)) throw error;
      await widget.settled();
      return;
    }
    if (!missed) widget.draft = "";
    // nobody could take it: the note form comes next, with what he wrote
    await widget.settled({ anew: missed });
  }
}

/** When nobody is there: a note, which becomes a ticket (B10). */
export class NoteView {
  constructor(widget) {
    this.widget = widget;
    const { words } = widget;
    this.reason = h("p", { role: "status" });
    const { form, long } = contactForm(
      widget,
      words.say("note.text"),
      (text, answers) => this.#leave(text, answers),
      words.say("note.send"),
    );
    this.form = form;
    this.long = long;
    this.long.key = "text";
    this.element = h("div", { class: "scroll" }, this.reason, form.element);
  }

  update() {
    const { queue, words } = this.widget;
    const code = `note.reason.${queue?.reason}`;
    setText(this.reason, words.say(words.has(code) ? code : "note.reason.nobody"));
  }

  focus() {
    this.long.focus();
  }

  async #leave(text, answers) {
    const { widget } = this;
    const place = widget.queue ? { queue: widget.queue.queue } : {};
    const { language } = widget.words;
    await widget.connection.send({
      type: "leave_note", text, answers, language, page: pageNow(), ...place,
    });
    widget.draft = "";
    await widget.settled({ tickets: true });
  }
}

/** A chat: what was said, the field to write in, what can be done (A34). */
export class ChatView {
  constructor(widget) {
    this.widget = widget;
    this.id = widget.chat.chat;
    const { words } = widget;
    this.status = h("p", { class: "status", role: "status" });
    this.log = new Log(words, words.say("chat.history"));
    this.composer = this.#composer();
    this.preview = h("p", { class: "hint" }, words.say("chat.preview_notice"));
    this.problem = h("p", { class: "error", role: "alert", hidden: true });
    this.end = button("", () => this.#end(), { class: "plain end" });
    this.live = h("div", { class: "live" }, this.composer.element, this.preview);
    this.after = h("div", { class: "after" });
    this.element = h(
      "div", { class: "chat" },
      this.status, this.log.element, this.live, this.problem, this.end, this.after,
    );
  }

  #composer() {
    const { words, connection, chat } = this.widget;
    const tell = (on) => connection.whisper({ type: "typing", chat: this.id, on });
    const show = (text) => connection.whisper({ type: "preview", chat: this.id, text });
    const composer = new Composer({
      words,
      label: words.say("chat.message"),
      send: (text) => this.#send(text),
      typing: (on) => this.widget.chat.state === "active" && tell(on),
      preview: chat.preview ? show : null,
    });
    const place = `chatdesk-draft ${this.id}`; // another page of the shop goes on with it
    composer.text = inTab.get(place) ?? "";
    composer.oninput = (text) => inTab.set(place, text);
    return composer;
  }

  #send(text) {
    const { words, connection } = this.widget;
    const frame = { type: "post_message", chat: this.id, text };
    const edit = () => this.composer.giveBack(text);
    sendMessage({ log: this.log, words, connection, frame, edit });
  }

  shown() {
    this.log.scrollToEnd();
  }

  focus() {
    if (!this.live.hidden) this.composer.field.focus();
    else (this.after.querySelector("input, button") ?? this.log.element).focus();
  }

  typing(on) {
    const { words, chat } = this.widget;
    const name = chat.agent ?? words.say("chat.the_agent");
    this.log.showTyping(on ? words.say("chat.typing", { name }) : "");
  }

  update() {
    const { widget } = this;
    const { chat, words } = widget;
    const messages = [...widget.messages.values()].sort((one, other) => one.seq - other.seq);
    if (messages.length && !messages.at(-1).mine) this.log.showTyping("");
    this.log.add(messages.map((message) => this.#shownMessage(message)));
    setText(this.status, this.#statusText(chat));
    const live = isLive(chat);
    this.live.hidden = !live;
    this.preview.hidden = !chat.preview;
    this.end.hidden = !live;
    setText(this.end, words.say(chat.state === "active" ? "chat.end_and_rate" : "chat.leave_line"));
    if (!live) this.#showAfter(chat);
  }

  #shownMessage(message) {
    const { words } = this.widget;
    const { seq, at, kind } = message;
    if (kind === "system") {
      return { seq, at, kind, side: "system", author: "", text: systemText(words, message, { own: true }) };
    }
    const mine = message.mine ?? false;
    const page = kind === "page" ? this.#page(message) : null;
    const author = mine ? words.say("chat.you") : (message.author ?? words.say("chat.the_agent"));
    const side = mine ? "mine" : "theirs";
    const files = { files: message.attachments, base: location.origin };
    return { seq, at, kind, side, author, text: message.text ?? "", page, ...files };
  }

  /** A page of this shop opens in this tab, where the chat goes on; others beside it. */
  #page({ text, details }) {
    return { address: text, title: details?.title, base: location.origin, sameTab: true };
  }

  #statusText(chat) {
    const { words } = this.widget;
    if (chat.state === "active") {
      return words.say("chat.with", { name: chat.agent ?? words.say("chat.the_agent") });
    }
    if (!isLive(chat)) return words.say(`chat.ended.${chat.state}`);
    const parts = [words.say("chat.waiting")];
    if (chat.position) parts.push(words.say("chat.position", { position: chat.position }));
    if (chat.expected_wait > 1) {
      parts.push(words.say("wait.expected", { time: words.duration(chat.expected_wait) }));
    }
    return parts.join(" ");
  }

  async #end() {
    const { words, connection } = this.widget;
    this.problem.hidden = true;
    try {
      await connection.send({ type: "end_chat", chat: this.id });
      await this.widget.settled();
    } catch (error) {
      setText(this.problem, words.refusal(error));
      this.problem.hidden = false;
    }
  }

  /** After the end: the rating form while he is invited (A30, A31), and a way to ask anew. */
  #showAfter(chat) {
    const kind = chat.rating ? "rating" : "done";
    if (this.afterKind === kind) return;
    const hadFocus = this.element.getRootNode().activeElement;
    const focusWasHere = hadFocus && this.element.contains(hadFocus);
    const thanks = this.rated && kind === "done";
    this.afterKind = kind;
    const { words } = this.widget;
    const again = button(words.say("chat.ask_again"), () => this.widget.beginAnew());
    const before = kind === "rating" ? this.#ratingForm(chat.rating) : null;
    const line = thanks ? h("p", { role: "status" }, words.say("rating.thanks")) : null;
    this.after.replaceChildren(...[before, line, again].filter(Boolean));
    if (focusWasHere) this.focus();
  }

  #ratingForm(form) {
    const { words, connection } = this.widget;
    const view = new FormView({
      form,
      words,
      sendText: words.say("rating.send"),
      submit: async ({ answers }) => {
        this.rated = true; // the stream may tell it before the answer comes
        await connection.send({ type: "rate_chat", chat: this.id, answers });
        await this.widget.settled();
      },
    });
    return h("section", { "aria-label": words.say("rating.title") },
      h("h3", {}, words.say("rating.title")), view.element);
  }
}

/** One note he left: its state, what was answered, and a field to answer in. */
class TicketCard {
  constructor(widget, id) {
    this.widget = widget;
    const { words } = widget;
    this.heading = h("h3");
    this.state = h("p", { class: "ticket-state" });
    this.entries = h("div", { class: "messages" });
    this.problem = h("p", { class: "error", role: "alert", hidden: true });
    this.composer = new Composer({
      words,
      label: words.say("ticket.answer"),
      send: (text) => this.#answer(id, text),
    });
    this.element = h(
      "section", { class: "ticket" },
      this.heading, this.state, this.entries, this.composer.element, this.problem,
    );
  }

  update(ticket) {
    const { words } = this.widget;
    const title = `#${ticket.number} ${ticket.title}`;
    setText(this.heading, title);
    this.element.setAttribute("aria-label", title);
    const state = words.say(`ticket.state.${ticket.state}`);
    const when = words.dateTime(ticket.updated_at);
    setText(this.state, words.say("ticket.state_line", { state, when }));
    const entries = ticket.entries ?? [];
    if (entries.length !== this.entries.childElementCount) {
      this.entries.replaceChildren(...entries.map((entry) => this.#entry(entry)));
    }
  }

  #entry(entry) {
    const { words } = this.widget;
    const name = entry.mine ? words.say("chat.you") : (entry.author ?? words.say("chat.the_agent"));
    const author = h("span", { class: "author" }, name);
    const head = h("header", {}, author, " ", h("time", {}, words.dateTime(entry.at)));
    const body = h("p", { class: "body" }, ...linkify(entry.text ?? ""));
    return h("article", { class: `message ${entry.mine ? "mine" : "theirs"}` }, head, body);
  }

  async #answer(ticket, text) {
    const { connection, words, refresh } = this.widget;
    this.problem.hidden = true;
    try {
      await connection.send({ type: "answer_ticket", ticket, text }, { lane: ticket });
      refresh();
    } catch (error) {
      this.composer.text = text;
      setText(this.problem, words.refusal(error));
      this.problem.hidden = false;
    }
  }
}

/** The notes he left, the latest changed first. */
export class TicketsView {
  #cards = new Map();

  constructor(widget) {
    this.widget = widget;
    this.list = h("div");
    this.again = button(widget.words.say("widget.back"), () => {
      widget.ticketsShown = false;
      widget.render();
    });
    const thanks = h("p", { class: "hint" }, widget.words.say("ticket.intro"));
    this.element = h("div", { class: "scroll" }, thanks, this.list, this.again);
  }

  focus() {
    this.again.focus();
  }

  update() {
    const tickets = this.widget.conversation.tickets ?? [];
    for (const ticket of tickets) {
      if (!this.#cards.has(ticket.ticket)) {
        const card = new TicketCard(this.widget, ticket.ticket);
        this.#cards.set(ticket.ticket, card);
        this.list.append(card.element);
      }
      this.#cards.get(ticket.ticket).update(ticket);
    }
  }
}
