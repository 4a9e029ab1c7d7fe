// Lower left: the agent's chats as tabs.

import { ChatTab } from "./console-chat.js";
import { button, h, setText, spoken } from "./dom.js";
import { inSite } from "./kept.js";

const SORTED = "chatdesk-chats-sorted";

/**
 * Whose turn it is: who waits for an answer before who has one, longest first, then what is to be
 * qualified (C17, C18). The desk answers `my_chats` in this order.
 */
function turn({ state, unanswered_since: unanswered, assigned_at: assigned = 0 }) {
  if (state !== "active") return [2, assigned];
  return unanswered ? [0, unanswered] : [1, assigned];
}

/** All chats of this agent (A17, A24, B21); a new message marks its tab yellow (A25). */
export class ChatsPane {
  #tabs = new Map();
  #offers = new Map();
  #wanted = null;

  constructor(desk) {
    this.desk = desk;
    const { words } = desk;
    this.selected = null;
    this.bar = h("div", { role: "tablist", class: "tabs", "aria-label": words.say("chats.title") });
    this.sorter = h("input", { type: "checkbox", onchange: () => this.#sortChosen() });
    this.sorter.checked = inSite.get(SORTED) === "yes";
    this.sorting = h(
      "label", { class: "sorting", hidden: true }, this.sorter, " ", words.say("chats.sort"),
    );
    this.empty = h("p", { class: "soft empty", tabindex: "-1" }, words.say("chats.none"));
    this.stage = h("div", { class: "stage" }, this.empty);
    this.element = h(
      "section", { class: "pane chats", "aria-label": words.say("chats.title") },
      this.bar, this.sorting, this.stage,
    );
  }

  /** The id of the chat one could write in now, or null. */
  get selectedChat() {
    const tab = this.#tabs.get(this.selected);
    return tab?.chat.state === "active" ? this.selected : null;
  }

  /** Puts a canned response into the selected chat's field. */
  insert(hit) {
    if (this.selectedChat === null) this.desk.say(this.desk.words.say("canned.no_chat"));
    else this.#tabs.get(this.selected).help.insert(hit);
  }

  get attentionCount() {
    return [...this.#tabs.values()].filter((tab) => tab.chat.attention).length;
  }

  // -- what the desk tells ---------------------------------------------------------------------

  async reload() {
    const { desk } = this;
    const { chats } = await desk.send({ type: "my_chats" });
    const mine = new Set(chats.map((card) => card.chat.id));
    for (const id of [...this.#tabs.keys()]) if (!mine.has(id)) this.#remove(id);
    this.#offers.clear();
    for (const card of chats) {
      if (card.chat.state === "offered") this.#offers.set(card.chat.id, card);
      this.take(card);
    }
    await Promise.all([...this.#tabs.values()].map((tab) => tab.load()));
  }

  /** A chat as it is now: one of his, one offered to him, or no longer his. */
  take(card) {
    const { id, state, epoch } = card.chat;
    const known = this.#offers.get(id)?.chat.epoch === epoch;
    const offered = known || this.desk.waitingPane.isOffered(id, epoch);
    if (state === "offered" && offered) this.#offers.set(id, card);
    else this.#offers.delete(id);
    this.desk.waitingPane.showOffers([...this.#offers.values()]);
    if (this.desk.isMine(card.chat)) this.#put(card);
    else if (this.#tabs.has(id)) this.#remove(id, card);
  }

  takeMessage(message, card) {
    const id = message.chat ?? card?.chat.id;
    this.#tabs.get(id)?.takeMessage(message);
    this.attend();
  }

  signal(frame) {
    this.#tabs.get(frame.chat)?.signal(frame);
  }

  deskChanged() {
    for (const tab of this.#tabs.values()) tab.deskChanged();
  }

  #put(card) {
    const { id } = card.chat;
    const known = this.#tabs.get(id);
    if (known) known.update(card);
    else this.#add(card);
    this.#renderTab(this.#tabs.get(id));
    this.#arrange();
    if (this.selected === null || this.#wanted === id) this.select(id);
    this.attend();
  }

  #add(card) {
    const { id } = card.chat;
    const tab = new ChatTab(this.desk, card);
    tab.panel.setAttribute("aria-labelledby", `tab-${id}`);
    tab.panel.id = `chat-${id}`;
    tab.panel.hidden = true;
    tab.button = button("", () => this.select(id), {
      role: "tab", id: `tab-${id}`, "aria-controls": `chat-${id}`, "aria-selected": "false",
      tabindex: "-1", onkeydown: (event) => this.#key(event, id),
    });
    this.#tabs.set(id, tab);
    this.bar.append(tab.button);
    this.stage.append(tab.panel);
    this.empty.hidden = true;
    tab.load();
  }

  #remove(id, card = null) {
    const tab = this.#tabs.get(id);
    const { activeElement } = document;
    const hadFocus = tab.panel.contains(activeElement) || tab.button.contains(activeElement);
    this.#tabs.delete(id);
    tab.button.remove();
    tab.panel.remove();
    if (card && tab.chat.state === "active") {
      const name = tab.name;
      this.desk.say(this.desk.words.say("chats.gone", { name }));
    }
    this.empty.hidden = this.#tabs.size > 0;
    this.#arrange();
    if (this.selected !== id) return;
    this.selected = null;
    const [next] = this.#inOrder();
    if (next) this.select(next);
    // whoever works by keyboard goes on here, not at the top of the page
    if (hadFocus && document.activeElement === document.body) {
      (next ? this.#tabs.get(next).button : this.empty).focus();
    }
  }

  // -- choosing --------------------------------------------------------------------------------

  /** Selects a chat now, or when it comes. */
  selectSoon(id) {
    this.#wanted = id;
    if (this.#tabs.has(id)) this.select(id);
  }

  select(id) {
    if (this.#wanted === id) this.#wanted = null;
    this.selected = id;
    for (const [each, tab] of this.#tabs) {
      const chosen = each === id;
      tab.panel.hidden = !chosen;
      tab.button.setAttribute("aria-selected", String(chosen));
      tab.button.tabIndex = chosen ? 0 : -1;
    }
    const tab = this.#tabs.get(id);
    tab.shown();
    this.desk.selected(tab.card);
    this.attend();
  }

  #key(event, id) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const ids = this.#inOrder();
    const next = ids.at((ids.indexOf(id) + step) % ids.length);
    this.select(next);
    this.#tabs.get(next).button.focus();
  }

  // -- their order -----------------------------------------------------------------------------

  #inOrder() {
    const ids = [...this.#tabs.keys()];
    if (!this.sorter.checked) return ids; // as they came
    const turns = new Map(ids.map((id) => [id, turn(this.#tabs.get(id).chat)]));
    return ids.sort((one, other) => {
      const [[first, since], [second, before]] = [turns.get(one), turns.get(other)];
      return first - second || since - before;
    });
  }

  #arrange() {
    this.sorting.hidden = this.#tabs.size < 2;
    const focused = document.activeElement;
    this.#inOrder().forEach((id, at) => {
      const { button: tab } = this.#tabs.get(id);
      const there = this.bar.children[at] ?? null;
      if (there !== tab) this.bar.insertBefore(tab, there);
    });
    if (this.bar.contains(focused)) focused.focus(); // moving it took the focus away
  }

  #sortChosen() {
    inSite.set(SORTED, this.sorter.checked ? "yes" : "no");
    this.#arrange();
  }

  /** The chat in front of him is read; the others keep their mark. */
  attend() {
    const tab = this.#tabs.get(this.selected);
    if (tab && !document.hidden && document.hasFocus()) tab.read();
  }

  #renderTab(tab) {
    const { words } = this.desk;
    const { attention = false, state } = tab.chat;
    tab.button.className = `chat-tab ${state}${attention ? " attention" : ""}`;
    const hint = attention ? spoken(` ${words.say("chats.new_message")}`) : "";
    const health = h("span", { class: "health", "aria-hidden": "true" });
    tab.health = health;
    tab.button.replaceChildren(health, tab.name, hint);
  }

  /** The health colour: red when the visitor's message has waited too long (B24). */
  tick() {
    const { now } = this.desk.connection;
    for (const tab of this.#tabs.values()) {
      const { state, reply_due_at: due, promised_until: promised } = tab.chat;
      const late = state === "active" && now > Math.min(due ?? Infinity, promised ?? Infinity);
      tab.health.className = `health ${late ? "red" : "green"}`;
      setText(tab.unanswered, tab.unansweredText(now));
    }
  }
}
