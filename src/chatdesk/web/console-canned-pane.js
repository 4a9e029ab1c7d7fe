// Lower right: all canned responses by category, their editor, and what is missing among them.

import { categoryName, excerpt } from "./console-canned.js";
import { button, debounced, h } from "./dom.js";
import { FormView, selectField, textField } from "./forms.js";

const TYPED_PAUSE = 120;
const MOST_FOUND = 30;

export class CannedPane {
  #asked = 0;

  constructor(desk) {
    const { words } = desk;
    this.desk = desk;
    this.refresh = debounced(() => this.#ask(), TYPED_PAUSE);
    this.field = h("input", {
      type: "search", maxlength: 200, "aria-label": words.say("canned.find"),
      placeholder: words.say("canned.find"), oninput: () => this.refresh(),
    });
    this.retired = h("input", { type: "checkbox", onchange: () => this.#ask() });
    this.missing = button(words.say("canned.gaps"), () => this.#askGaps(), { hidden: true });
    this.list = h("div", { class: "canned-all" });
    const add = button(words.say("canned.new"), () => editResponse(this.desk));
    this.element = h(
      "div", { class: "canned-pane" },
      h("div", { class: "buttons" }, this.field, add, this.missing),
      h("label", {}, this.retired, " ", words.say("canned.show_retired")), this.list,
    );
  }

  shown() {
    this.#ask();
  }

  /** A response was saved or retired, here or elsewhere. */
  changed() {
    if (!this.element.closest("[hidden]")) this.refresh();
  }

  get #here() {
    const chat = this.desk.chats.selectedChat;
    return chat ? { chat } : {};
  }

  async #ask() {
    if (this.desk.me === null) return;
    this.missing.hidden = !this.desk.leads;
    const number = (this.#asked += 1);
    const text = this.field.value.trim();
    const frame = text
      ? { type: "search_canned", text, use: "typing", limit: MOST_FOUND, ...this.#here }
      : { type: "canned_list", all_times: true, retired: this.retired.checked, ...this.#here };
    try {
      const view = await this.desk.send(frame);
      if (number === this.#asked) this.#show(view);
    } catch (error) {
      this.desk.fail(error);
    }
  }

  #show({ hits, categories }) {
    const { words } = this.desk;
    const none = h("p", { class: "soft" }, words.say("canned.none"));
    const shown = hits
      ? [this.#entries(hits)].filter((list) => list.children.length)
      : this.#tree(categories);
    this.list.replaceChildren(...(shown.length ? shown : [none]));
  }

  /** Categories in order of path, each within the one it lies in, if that has responses too. */
  #tree(categories) {
    const { words } = this.desk;
    const shown = new Map();
    const roots = [];
    for (const { category, responses } of categories) {
      const above = [...shown.keys()].findLast((path) => category.startsWith(`${path}/`));
      const name = categoryName(words, above ? category.slice(above.length + 1) : category);
      const part = h("details", { open: true }, h("summary", {}, name), this.#entries(responses));
      shown.set(category, part);
      if (above) shown.get(above).append(part);
      else roots.push(part);
    }
    return roots;
  }

  #entries(hits) {
    return h("ul", { class: "tickets" }, ...hits.map((hit) => this.#entry(hit)));
  }

  #entry(hit) {
    const { desk } = this;
    const { response } = hit;
    const insert = isOffered(response)
      ? button(response.title, () => desk.chats.insert(hit), { class: "plain" })
      : h("span", {}, response.title, " ",
        h("span", { class: "soft" }, desk.words.say("canned.not_offered")));
    const edit = button(desk.words.say("canned.edit"), () => editKept(desk, response.id), {
      "aria-label": `${desk.words.say("canned.edit")}: ${response.title}`,
    });
    return h(
      "li", {}, insert, " ", h("span", { class: "soft" }, response.shortcuts.join(" ")), " ",
      mayEdit(desk, response) ? edit : null, h("span", { class: "excerpt" }, excerpt(hit.text)),
    );
  }

  // -- what is missing (D07, B29) --------------------------------------------------------------

  async #askGaps() {
    try {
      this.#showGaps(await this.desk.send({ type: "canned_gaps" }));
    } catch (error) {
      this.desk.fail(error);
    }
  }

  #showGaps({ chats, with_canned: share, overused, unanswered, proposals }) {
    const { words } = this.desk;
    const percent = new Intl.NumberFormat(words.language, { style: "percent" });
    const count = (gap) => h("span", { class: "soft" }, words.say("canned.gap", { count: gap.chats }));
    const part = (title, gaps, entry) =>
      gaps.length ? [h("h3", {}, title), h("ul", { class: "tickets" }, ...gaps.map(entry))] : [];
    const examples = ({ question, examples: all = [] }) =>
      h("span", { class: "excerpt" }, all.filter((each) => each !== question).join(" · "));
    const propose = ({ examples: [text] }) =>
      button(words.say("canned.keep"), () => editResponse(this.desk, { body: text }));
    this.list.replaceChildren(
      button(words.say("tickets.back"), () => this.#ask(), { class: "plain" }),
      h("p", {}, words.say("canned.gaps_of", { count: chats, share: percent.format(share) })),
      ...part(words.say("canned.overused"), overused, (gap) =>
        h("li", {}, gap.title ?? gap.canned, " ", count(gap), examples(gap))),
      ...part(words.say("canned.unanswered"), unanswered, (gap) =>
        h("li", {}, gap.question, " ", count(gap), examples(gap))),
      ...part(words.say("canned.proposals"), proposals, (gap) =>
        h("li", {}, gap.examples[0], " ", count(gap), " ", propose(gap))),
    );
  }
}

/** Whether agents may use it now. */
function isOffered({ retired, valid_from: from, valid_until: until }) {
  const now = Date.now() / 1000;
  return !retired && (from ?? now) <= now && now < (until ?? Infinity);
}

/** An agent keeps his own responses, a supervisor those of all. */
function mayEdit(desk, response) {
  return desk.leads || response.owner === desk.me;
}

/** Opens the editor with a response as it is kept now. */
async function editKept(desk, id) {
  try {
    const detail = await desk.send({ type: "canned_detail", canned: id });
    editResponse(desk, detail.response, detail);
  } catch (error) {
    desk.fail(error);
  }
}

/** The editor of a response: a new one, perhaps with a text, or one that is kept (B29). */
export function editResponse(desk, response = {}, { learned = [], usage = [] } = {}) {
  const { words } = desk;
  const title = words.say(response.id ? "canned.edit" : "canned.new");
  const dialog = h("dialog", { class: "dialog canned-editor", "aria-label": title });
  const fields = editorFields(desk, response);
  const form = new FormView({
    words,
    before: Object.values(fields),
    sendText: words.say("canned.save"),
    submit: async () => {
      await desk.send({ type: "save_canned", response: edited(desk, response, fields) });
      dialog.close();
      desk.canned.changed();
    },
  });
  const doAndClose = async (frame) => {
    try {
      await desk.send(frame);
      dialog.close();
      desk.canned.changed();
    } catch (error) {
      form.showError(error);
    }
  };
  const bringBack = { type: "save_canned", response: { ...response, retired: false } };
  const retire = { type: "retire_canned", canned: response.id };
  const [said, frame] = response.retired
    ? [words.say("canned.bring_back"), bringBack] : [words.say("canned.retire"), retire];
  if (response.id) form.extras.append(button(said, () => doAndClose(frame)));
  form.extras.append(button(words.say("dialog.cancel"), () => dialog.close()));
  const more = [...usageLine(desk, usage), ...learnedList(desk, learned, form)];
  dialog.append(h("h2", {}, title), form.element, ...more);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function editorFields(desk, response) {
  const { words } = desk;
  const listed = (name, between) => (response[name] ?? []).join(between);
  const text = (name, value, more = {}) =>
    textField(name, words.say(`canned.${name}`), { value, maxLength: 1000, ...more });
  const fields = {
    title: textField("title", words.say("canned.title_field"), {
      value: response.title ?? "", required: true, maxLength: 200,
    }),
    body: text("body", response.body ?? "", { required: true, long: true, maxLength: 8000 }),
    shortcuts: text("shortcuts", listed("shortcuts", " "), { required: true }),
    categories: text("categories", listed("categories", ", "), { required: true }),
    keywords: text("keywords", listed("keywords", "\n"), { long: true, maxLength: 8000 }),
    language: selectField("language", words.say("canned.language"), [
      ["", words.say("canned.any_language")],
      ...(desk.overview?.languages ?? []).map((each) => [each, each]),
    ], response.language ?? ""),
  };
  const promise = response.promise_seconds ? String(response.promise_seconds / 60) : "";
  fields.promise_seconds = textField("promise_seconds", words.say("canned.promise"), {
    type: "number", value: promise, maxLength: 5,
  });
  for (const name of ["valid_from", "valid_until"]) {
    fields[name] = textField(name, words.say(`canned.${name}`), {
      type: "datetime-local", value: localTime(response[name]),
    });
  }
  fields.attachments = text("attachments", listed("attachments", "\n"), {
    long: true, maxLength: 8000,
  });
  if (desk.leads) {
    fields.owner = ownerField(desk, response);
    fields.team = text("team", response.team ?? "", { maxLength: 200 });
  }
  return fields;
}

/** An instant as a field of type `datetime-local` holds it, in the browser's time zone. */
function localTime(seconds) {
  if (seconds === undefined || seconds === null) return "";
  const at = new Date(seconds * 1000);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** The instant a field holds; that of before when the field still shows it, seconds and all. */
function instantOf(field, before = null) {
  if (field.value === null) return null;
  return field.value === localTime(before) ? before : new Date(field.value).getTime() / 1000;
}

function ownerField(desk, { owner = null }) {
  const { words } = desk;
  const ids = [...new Set([desk.me, owner].filter(Boolean))];
  const options = ids.map((id) => [id, id === desk.me ? words.say("chat.you") : desk.agentName(id)]);
  const all = ["", words.say("canned.everybody")];
  return selectField("owner", words.say("canned.owner"), [all, ...options], owner ?? "");
}

/** The response as the form has it; what the form does not show stays as it was. */
function edited(desk, before, fields) {
  const parts = (field, between) =>
    (field.value ?? "").split(between).map((each) => each.trim()).filter(Boolean);
  const tagged = (each) => (each.startsWith("#") ? each : `#${each}`);
  return {
    ...before,
    title: fields.title.value ?? "",
    body: fields.body.value ?? "",
    shortcuts: parts(fields.shortcuts, /[\s,]+/).map(tagged),
    categories: parts(fields.categories, ","),
    keywords: parts(fields.keywords, "\n"),
    language: fields.language.value,
    promise_seconds: fields.promise_seconds.value && Number(fields.promise_seconds.value) * 60,
    valid_from: instantOf(fields.valid_from, before.valid_from),
    valid_until: instantOf(fields.valid_until, before.valid_until),
    attachments: parts(fields.attachments, "\n"),
    owner: fields.owner ? fields.owner.value : desk.me,
    team: fields.team ? fields.team.value : null,
  };
}

/** How often it was sent of late, by all and by himself. */
function usageLine({ words, me }, usage) {
  const of = (agent) => usage.find((each) => (each.agent ?? null) === agent)?.count ?? 0;
  const number = new Intl.NumberFormat(words.language, { maximumFractionDigits: 1 });
  const said = { all: number.format(of(null)), mine: number.format(of(me)) };
  return usage.length ? [h("p", { class: "soft" }, words.say("canned.used", said))] : [];
}

/** The visitors' questions that the response has learned, each to be taken away. */
function learnedList(desk, learned, form) {
  if (learned.length === 0) return [];
  const { words } = desk;
  const forget = async (each, line) => {
    try {
      await desk.send({ type: "forget_learned", learned: each.id });
      line.remove();
    } catch (error) {
      form.showError(error);
    }
  };
  const lines = learned.map((each) => {
    const line = h("li", {}, each.question, " ");
    line.append(button(words.say("canned.forget"), () => forget(each, line)));
    return line;
  });
  const list = h("ul", { class: "tickets" }, ...lines);
  return [h("details", {}, h("summary", {}, words.say("canned.learned")), list)];
}
