// The upper panes: who waits and what is offered; who is there, and the agent's own status.

import { button, h, setText, showRows } from "./dom.js";

const REASONS = ["break", "lunch", "meeting", "training"];

/** Upper left: how many wait (A13), the line, "Take a chat" (A12), and offers to accept. */
export class WaitingPane {
  #made = new Set();

  constructor(desk) {
    this.desk = desk;
    const { words } = desk;
    this.count = h("p", { class: "count", role: "status" });
    this.take = button(words.say("waiting.take"), () => this.#take(), { class: "primary" });
    const offered = words.say("offers.title");
    this.offers = h("div", { class: "offers", role: "region", "aria-label": offered });
    this.list = h("ol", { class: "line" });
    this.element = h(
      "section", { class: "pane waiting", "aria-label": words.say("waiting.title") },
      h("div", { class: "row" }, this.count, this.take), this.offers, this.list,
    );
  }

  update() {
    const { overview, waiting, words } = this.desk;
    setText(this.count, words.say("waiting.count", { count: overview.waiting }));
    this.take.disabled = waiting.length === 0;
    showRows(this.list, waiting, (card) => this.#entry(card));
    this.tick();
  }

  #entry(card) {
    const { words } = this.desk;
    const { chat } = card;
    const name = h("strong", {}, card.customer_name ?? words.say("chat.visitor"));
    const level = chat.wait_level ?? "fine";
    const since = h("time", { class: `wait ${level}`, "data-since": chat.waiting_since });
    const queue = h("span", { class: "soft" }, this.desk.queueName(chat.queue));
    const why = button(words.say("waiting.why"), () => this.#explain(chat.id), { class: "plain" });
    const known = words.say("chat.returning");
    const regular = card.returning ? h("span", { class: "tag" }, known) : null;
    return h("li", {}, name, " ", regular, " ", since, " ", queue,
      h("p", { class: "question" }, card.question), why);
  }

  /** An offer was made to this agent, which only the event tells. */
  offered(event) {
    this.#made.add(`${event.chat} ${event.epoch}`);
  }

  isOffered(chat, epoch) {
    return this.#made.has(`${chat} ${epoch}`);
  }

  showOffers(cards) {
    showRows(this.offers, cards, (card) => this.#offer(card));
    this.offers.hidden = cards.length === 0;
    this.tick();
  }

  #offer(card) {
    const { words } = this.desk;
    const { id, epoch } = card.chat;
    const settle = (type) => this.#settle({ type, chat: id, epoch });
    return h(
      "article", { class: "offer" },
      h("p", {}, h("strong", {}, card.customer_name ?? words.say("chat.visitor")), " ",
        h("span", { class: "countdown", "data-until": card.offered_until ?? null })),
      h("p", { class: "question" }, card.question),
      button(words.say("offers.accept"), () => settle("accept_offer"), { class: "primary" }),
      " ",
      button(words.say("offers.decline"), () => settle("decline_offer")),
    );
  }

  async #settle(frame) {
    const { desk } = this;
    try {
      await desk.send(frame);
      if (frame.type === "accept_offer") desk.chats.selectSoon(frame.chat);
    } catch (error) {
      desk.fail(error);
    }
    await desk.chats.reload();
  }

  async #take() {
    const { desk } = this;
    try {
      const taken = await desk.send({ type: "take_chat" });
      desk.chats.selectSoon(taken.chat);
      await desk.chats.reload();
    } catch (error) {
      desk.fail(error);
    }
    desk.refreshDesk();
  }

  async #explain(chat) {
    const { desk } = this;
    try {
      const { reasons } = await desk.send({ type: "explain", chat });
      desk.say(reasonTexts(desk, reasons, "reason").join(" "));
    } catch (error) {
      desk.fail(error);
    }
  }

  /** Waits and countdowns go on. */
  tick() {
    const { words } = this.desk;
    const { now } = this.desk.connection;
    for (const each of this.list.querySelectorAll("[data-since]")) {
      setText(each, words.duration(now - Number(each.dataset.since)));
    }
    for (const each of this.offers.querySelectorAll("[data-until]")) {
      const time = words.duration(Number(each.dataset.until) - now);
      setText(each, words.say("offers.left", { time }));
    }
  }
}

/** Reasons as sentences, each once; `place` tells those about oneself from the others. */
function reasonTexts(desk, reasons, place) {
  const texts = reasons.map((reason) => {
    const codes = [`${place}.${reason.code}`, `chat.state.${reason.code}`];
    const code = codes.find((each) => desk.words.has(each));
    if (!code) return reason.text;
    return desk.words.say(code, { agent: reason.agent ? desk.agentName(reason.agent) : "" });
  });
  return [...new Set(texts)];
}

/** Upper right: agents online (A14), open chats (A15), own status (A16, B06), why no chat (B07). */
export class StaffPane {
  constructor(desk) {
    this.desk = desk;
    const { words } = desk;
    this.numbers = h("p", { class: "numbers", role: "status" });
    this.status = h("strong", { class: "status" });
    this.intent = h(
      "select", { "aria-label": words.say("status.choose"), onchange: () => this.#choose() },
      h("option", { value: "accepting" }, words.say("intent.accepting")),
      h("option", { value: "not_accepting" }, words.say("intent.not_accepting")),
      ...REASONS.map((each) => h("option", { value: each }, this.#reasonText(each))),
    );
    this.why = h("ul", { class: "why", hidden: true, role: "status" });
    const ask = button(words.say("status.why"), () => this.#ask());
    this.agents = h("ul", { class: "agents" });
    this.element = h(
      "section", { class: "pane staff", "aria-label": words.say("staff.title") },
      this.numbers,
      h("p", { class: "row" },
        h("span", {}, words.say("status.own"), " ", this.status), this.intent),
      ask, this.why, this.agents,
    );
  }

  #reasonText(reason) {
    const { words } = this.desk;
    const code = `away.${reason}`;
    const text = words.has(code) ? words.say(code) : reason;
    const intent = words.say("intent.not_accepting");
    return words.say("intent.reason", { intent, reason: text });
  }

  update() {
    const { overview, words } = this.desk;
    const online = words.say("staff.online", { count: overview.agents_online });
    const open = words.say("staff.open", { count: overview.chats_open });
    const tickets = words.say("staff.tickets", { count: overview.tickets_open });
    setText(this.numbers, `${online} · ${open} · ${tickets}`);
    const status = overview.status ?? "offline";
    setText(this.status, words.say(`status.${status}`));
    this.status.className = `status ${status}`;
    this.#showIntent(overview.agent?.intent);
    showRows(this.agents, overview.agents ?? [], (card) => this.#agent(card));
  }

  #showIntent(intent) {
    if (!intent) return;
    const wanted = intent.kind === "accepting" ? "accepting" : (intent.reason ?? "not_accepting");
    if (![...this.intent.options].some((option) => option.value === wanted)) {
      this.intent.append(h("option", { value: wanted }, this.#reasonText(wanted)));
    }
    if (document.activeElement !== this.intent) this.intent.value = wanted;
  }

  #agent(card) {
    const { words } = this.desk;
    const away = `away.${card.reason}`;
    const reason = words.has(away) ? words.say(away) : card.reason;
    const text = `${words.say(`status.${card.status}`)}${card.reason ? ` (${reason})` : ""}`;
    const load = words.say("staff.load", { load: card.load, capacity: card.capacity });
    return h("li", {}, h("span", { class: "name" }, card.name), " ",
      h("span", { class: `status ${card.status}` }, text), " ", h("span", { class: "soft" }, load));
  }

  async #choose() {
    const { value } = this.intent;
    const kind = value === "accepting" ? "accepting" : "not_accepting";
    const reason = kind === value ? null : value;
    try {
      await this.desk.setIntent({ kind, reason });
      this.why.hidden = true;
    } catch (error) {
      this.desk.fail(error);
    }
  }

  async #ask() {
    const { desk } = this;
    try {
      const { reasons } = await desk.send({ type: "why_not" });
      const texts = reasonTexts(desk, reasons, "reason.own");
      this.why.replaceChildren(...texts.map((text) => h("li", {}, text)));
      this.why.hidden = false;
    } catch (error) {
      desk.fail(error);
    }
  }
}
