// Lower right: who is on the site now, and what he does (B03, B04, B51).

import { button, debounced, h, pageLink, setText } from "./dom.js";

const LOOK_EVERY = 4_000;
const PAGE = 50;
const STATES = ["browsing", "waiting", "chatting"];

/**
 * The visitors on the site, the latest to come first. Visits are no events, so the list is asked
 * for anew every few seconds while it is in sight, and at once when something happens to a chat.
 */
export class VisitorsPane {
  #asked = 0;
  #limit = PAGE;
  #rows = new Map();

  constructor(desk) {
    const { words } = desk;
    this.desk = desk;
    this.refresh = debounced(() => this.#ask(), 300);
    this.counts = h("p", { class: "soft", role: "status" });
    const options = STATES.map((state) =>
      h("option", { value: state }, words.say(`visitors.state.${state}`)));
    this.which = h(
      "select", { "aria-label": words.say("visitors.which"), onchange: () => this.#ask() },
      h("option", { value: "" }, words.say("visitors.all")), ...options,
    );
    this.none = h("p", { class: "soft", hidden: true }, words.say("visitors.none"));
    this.list = h("ul", { class: "tickets visitors", "aria-label": words.say("visitors.title") });
    this.more = button(words.say("visitors.more"), () => this.#showMore(), { hidden: true });
    this.element = h(
      "div", { class: "visitors-pane" },
      h("div", { class: "row" }, this.counts, this.which), this.none, this.list, this.more,
    );
    setInterval(() => document.hidden || this.#ask(), LOOK_EVERY);
  }

  shown() {
    this.#ask();
  }

  #showMore() {
    this.#limit += PAGE;
    this.#ask();
  }

  async #ask() {
    if (this.desk.me === null || this.element.closest("[hidden]")) return;
    const number = (this.#asked += 1);
    const states = this.which.value ? [this.which.value] : [];
    try {
      const found = await this.desk.send({ type: "visitors", states, limit: this.#limit });
      if (number === this.#asked) this.#show(found);
    } catch (error) {
      if (error.code !== "unreachable") this.desk.fail(error);
    }
  }

  #show({ visitors, browsing, waiting, chatting, after = null }) {
    const { words } = this.desk;
    const numbers = { browsing, waiting, chatting };
    const counted = STATES.map((state) =>
      words.say(`visitors.count.${state}`, { count: numbers[state] }));
    setText(this.counts, counted.join(" · "));
    this.none.hidden = visitors.length > 0;
    this.more.hidden = after === null || this.#limit >= 200;
    this.#place(visitors.map((card) => this.#row(card)));
    const here = new Set(visitors.map((card) => card.visitor));
    for (const id of [...this.#rows.keys()]) if (!here.has(id)) this.#rows.delete(id);
    this.#tick();
  }

  /** Puts rows in; what stands in its place already is left there, and keeps the focus. */
  #place(rows) {
    const kept = new Set(rows);
    for (const each of [...this.list.children]) if (!kept.has(each)) each.remove();
    rows.forEach((row, at) => {
      const there = this.list.children[at] ?? null;
      if (there !== row) this.list.insertBefore(row, there);
    });
  }

  #row(card) {
    const facts = JSON.stringify({ ...card, last_seen_at: null });
    const known = this.#rows.get(card.visitor);
    if (known?.facts === facts) return known.element;
    const element = this.#entry(card);
    this.#rows.set(card.visitor, { facts, element });
    return element;
  }

  #entry(card) {
    const { desk } = this;
    const { words } = desk;
    const name = card.name ?? words.say("chat.visitor");
    const who = card.customer
      ? button(name, () => desk.openCustomer(card.customer), { class: "plain" })
      : h("strong", {}, name);
    const state = h("span", { class: `tag visit-${card.state}` }, this.#stateText(card));
    const gone = (card.here ?? true) ? null : words.say("visitors.gone");
    const time = card.page_since ?? card.since;
    const facts = [
      card.queue ? desk.queueName(card.queue) : null, card.language, card.timezone, gone,
    ];
    return h(
      "li", {}, who, " ", state, " ", this.#watch(card),
      h("p", {}, this.#page(card), " ", h("time", { class: "soft", "data-since": time })),
      h("p", { class: "soft" }, facts.filter(Boolean).join(" · ")),
    );
  }

  #stateText(card) {
    const { words } = this.desk;
    if (card.state === "chatting") {
      return words.say("visitors.with", { agent: card.agent_name ?? words.say("agent.unknown") });
    }
    const place = card.position ? ` (${card.position})` : "";
    return words.say(`visitors.state.${card.state}`) + place;
  }

  #page({ page }) {
    if (!page) return h("span", { class: "soft" }, this.desk.words.say("visitors.no_page"));
    return pageLink(page.url, { name: page.title || page.url, label: page.url });
  }

  /** A supervisor looks at the chat from here (B52). */
  #watch(card) {
    const { desk } = this;
    if (!desk.leads || !card.chat) return null;
    return button(desk.words.say("visitors.watch"), () => desk.superviseChat(card.chat));
  }

  #tick() {
    const { words } = this.desk;
    const { now } = this.desk.connection;
    for (const each of this.list.querySelectorAll("time")) {
      const time = words.duration(now - Number(each.dataset.since));
      setText(each, words.say("visitors.since", { time }));
    }
  }
}
