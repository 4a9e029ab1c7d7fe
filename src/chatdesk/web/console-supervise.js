// For supervisors: every running chat as it goes (C07), and whispers to its agent (C08).

import { shownMessage } from "./console-chat.js";
import { button, debounced, h, setText } from "./dom.js";
import { Composer, Log, sendMessage } from "./talk.js";

export class SupervisePane {
  constructor(desk) {
    this.desk = desk;
    this.watched = null;
    this.refresh = debounced(() => this.#ask(), 400);
    this.list = h("ul", { class: "tickets" });
    this.place = h("div", { hidden: true });
    this.element = h("div", { class: "supervise" }, this.list, this.place);
  }

  shown() {
    this.#ask();
  }

  /** Something happened to a chat. */
  changed(card, message) {
    this.refresh();
    if (this.watched?.id === card.chat.id) this.watched.update(card, message);
  }

  async #ask() {
    if (!this.desk.leads || this.element.closest("[hidden]")) return;
    try {
      const { chats } = await this.desk.send({ type: "running_chats" });
      this.#render(chats);
    } catch (error) {
      this.desk.fail(error);
    }
  }

  #render(cards) {
    const none = h("li", { class: "soft" }, this.desk.words.say("supervise.none"));
    this.list.replaceChildren(...(cards.length ? cards.map((card) => this.#entry(card)) : [none]));
  }

  #entry(card) {
    const { words } = this.desk;
    const { state, unanswered_since: unanswered, promise_late: late } = card.chat;
    const name = card.customer_name ?? words.say("chat.visitor");
    const open = button(name, () => this.#watch(card), { class: "plain" });
    const time = unanswered ? words.duration(this.desk.connection.now - unanswered) : null;
    const facts = [
      words.say(`chat.state.${state}`), card.agent_name, this.desk.queueName(card.chat.queue),
      time && state === "active" ? words.say("supervise.unanswered", { time }) : null,
      late && state === "active" ? words.say("supervise.promise_late") : null,
    ];
    return h("li", {}, open, " ", h("span", { class: "soft" }, facts.filter(Boolean).join(" · ")));
  }

  /** Looks at one chat, come from elsewhere. */
  async watch(id) {
    try {
      const { chats } = await this.desk.send({ type: "running_chats" });
      const card = chats.find((each) => each.chat.id === id);
      if (card) this.#watch(card);
    } catch (error) {
      this.desk.fail(error);
    }
  }

  #watch(card) {
    this.watched = new WatchedChat(this.desk, card, () => this.#leave());
    this.place.replaceChildren(this.watched.element);
    this.place.hidden = false;
    this.list.hidden = true;
  }

  #leave() {
    this.watched = null;
    this.place.hidden = true;
    this.list.hidden = false;
    this.#ask();
  }
}

/** A chat that is looked at; what is written goes to its agent alone. */
class WatchedChat {
  #names = {};

  constructor(desk, card, leave) {
    const { words } = desk;
    this.desk = desk;
    this.id = card.chat.id;
    this.title = h("h2");
    this.log = new Log(words, words.say("chat.history"));
    this.composer = new Composer({
      words,
      label: words.say("supervise.whisper"),
      send: (text) => this.#whisper(text),
    });
    this.element = h(
      "div", {}, button(words.say("tickets.back"), leave, { class: "plain" }),
      this.title, this.log.element,
      h("p", { class: "soft" }, words.say("supervise.hint")), this.composer.element,
    );
    this.update(card);
    this.#load();
  }

  async #load() {
    try {
      const found = await this.desk.send({ type: "transcript", chat: this.id });
      this.#names = found.names ?? {};
      this.#show(found.messages);
    } catch (error) {
      this.desk.fail(error);
    }
  }

  update(card, message = null) {
    const { words } = this.desk;
    this.name = card.customer_name ?? words.say("chat.visitor");
    this.base = card.chat.page?.url;
    const state = words.say(`chat.state.${card.chat.state}`);
    setText(this.title, [this.name, card.agent_name, state].filter(Boolean).join(" · "));
    const { state: code } = card.chat;
    this.composer.element.hidden = code !== "active";
    if (message) this.#show([message]);
  }

  #show(messages) {
    const whose = { customerName: this.name, names: this.#names, base: this.base };
    this.log.add(messages.map((message) => shownMessage(this.desk, message, whose)));
  }

  #whisper(text) {
    const { words, connection } = this.desk;
    const frame = { type: "post_note", chat: this.id, text };
    const edit = () => this.composer.giveBack(text);
    sendMessage({ log: this.log, words, connection, frame, edit });
  }
}
