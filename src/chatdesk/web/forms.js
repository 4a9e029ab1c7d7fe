// Forms that the desk declares: fields for them, what was answered, and errors by field.

import { h, setText } from "./dom.js";

const INPUT_TYPES = { text: "text", email: "email", phone: "tel" };
const LONG_TEXT = 300;
let fieldCount = 0;

/** A field with its label and a place for its error. */
class Field {
  constructor(key, label, control, { required = false, group = false } = {}) {
    this.key = key;
    this.id = `chatdesk-field-${(fieldCount += 1)}`;
    this.control = control;
    this.error = h("p", { class: "error", id: `${this.id}-error`, hidden: true });
    const mark = required ? h("span", { class: "mark", "aria-hidden": "true" }, " *") : null;
    if (group) {
      this.element = h("fieldset", {}, h("legend", {}, label, mark), control, this.error);
    } else {
      control.id = this.id;
      const title = h("label", { for: this.id }, label, mark);
      this.element = h("div", { class: "field" }, title, control, this.error);
    }
    this.inputs = group ? [...control.querySelectorAll("input")] : [control];
    for (const input of this.inputs) {
      if (required && !group) input.setAttribute("aria-required", "true");
      input.setAttribute("aria-describedby", this.error.id);
    }
  }

  /** The answer, or null when there is none. */
  get value() {
    const text = this.control.value.trim();
    return text === "" ? null : text;
  }

  showError(text) {
    setText(this.error, text ?? "");
    this.error.hidden = text === null;
    for (const input of this.inputs) {
      if (text === null) input.removeAttribute("aria-invalid");
      else input.setAttribute("aria-invalid", "true");
    }
  }

  focus() {
    this.inputs[0]?.focus();
  }
}

/** A question answered by ticking one or several boxes. */
class TickField extends Field {
  constructor(key, label, boxes, settings) {
    super(key, label, h("div", { class: "ticks" }, ...boxes), { ...settings, group: true });
    this.several = settings.several;
    this.number = settings.number;
  }

  get value() {
    const ticked = this.inputs.filter((input) => input.checked).map((input) => input.value);
    if (ticked.length === 0) return null;
    if (this.several) return ticked;
    return this.number ? Number(ticked[0]) : ticked[0];
  }
}

export function textField(key, label, settings = {}) {
  const { long = false, type = "text", value = "", maxLength = 2000, required = false } = settings;
  // controls have no name: `form.title` and its like must stay what the browser means by them
  const common = { maxlength: maxLength, value, autocomplete: settings.autocomplete };
  const control = long
    ? h("textarea", { rows: 3, ...common })
    : h("input", { type, ...common });
  return new Field(key, label, control, { required });
}

/** One of `options`, pairs of a value and its text; the first is chosen unless `value` says. */
export function selectField(key, label, options, value = null) {
  const choices = options.map(([code, text]) => h("option", { value: code }, text));
  const control = h("select", {}, ...choices);
  if (value !== null) control.value = value;
  return new Field(key, label, control);
}

const AUTOCOMPLETE = { name: "name", email: "email", phone: "tel", first_name: "given-name" };

function tick(type, name, value, text, checked) {
  return h("label", {}, h("input", { type, name, value, checked }), " ", h("span", {}, text));
}

function tickedQuestion(question, words, given) {
  const name = `chatdesk-tick-${(fieldCount += 1)}`;
  const several = question.kind === "choices";
  const number = question.kind === "scale";
  const options = number
    ? Array.from({ length: question.scale ?? 5 }, (_, at) => [at + 1, String(at + 1)])
    : (question.choices ?? []).map((each) => [each.value, words.label(each.label, each.value)]);
  const chosen = [given ?? []].flat().map(String);
  const type = several ? "checkbox" : "radio";
  const boxes = options.map(([value, text]) =>
    tick(type, name, value, text, chosen.includes(String(value))),
  );
  const label = words.label(question.label, question.key);
  const required = question.required ?? false;
  return new TickField(question.key, label, boxes, { several, number, required });
}

function questionField(question, words, given) {
  const kind = question.kind ?? "text";
  if (!(kind in INPUT_TYPES)) return tickedQuestion({ ...question, kind }, words, given);
  const maxLength = question.max_length ?? 2000;
  return textField(question.key, words.label(question.label, question.key), {
    type: INPUT_TYPES[kind],
    long: kind === "text" && maxLength > LONG_TEXT,
    autocomplete: AUTOCOMPLETE[question.key] ?? AUTOCOMPLETE[kind] ?? "off",
    required: question.required ?? false,
    maxLength,
    value: given ?? "",
  });
}

/** The answers to a form as texts, `label: answer`, in the order of its questions. */
export function answerTexts(form, values, words) {
  const show = (question, value) => {
    const choice = (question.choices ?? []).find((each) => each.value === value);
    return choice ? words.label(choice.label, value) : String(value);
  };
  const given = (form.questions ?? []).filter(({ key }) => key in values);
  return given.map((question) => {
    const answer = [values[question.key]].flat().map((value) => show(question, value)).join(", ");
    return words.say("form.answer", { label: words.label(question.label, question.key), answer });
  });
}

/** A form: fields, a line for what is wrong with the whole, and a button. */
export class FormView {
  /**
   * `form` is the desk's declaration, `before` and `after` are fields around its own, `submit` is
   * called with the view; what it throws is shown, by field where it names fields.
   */
  constructor({ form = {}, words, before = [], after = [], given = {}, sendText, submit }) {
    const asked = (form.questions ?? []).map((each) => questionField(each, words, given[each.key]));
    this.questions = asked;
    this.fields = [...before, ...asked, ...after];
    this.words = words;
    this.submit = submit;
    this.groups = this.#groupTexts(form);
    this.problem = h("p", { class: "error", role: "alert", hidden: true });
    this.sender = h("button", { type: "submit", class: "primary" }, sendText);
    this.extras = h("div", { class: "buttons" }, this.sender);
    this.element = h(
      "form",
      { novalidate: true, onsubmit: (event) => this.#send(event) },
      ...this.fields.map((field) => field.element),
      ...this.groups.map(({ text }) => h("p", { class: "hint" }, text)),
      this.problem,
      this.extras,
    );
  }

  /** What to say of fields of which one is enough. */
  #groupTexts(form) {
    const label = (key) => {
      const question = form.questions.find((each) => each.key === key);
      return this.words.label(question?.label, key);
    };
    return (form.any_of ?? []).map((group) => {
      const fields = new Intl.ListFormat(this.words.language, { type: "disjunction" });
      const text = this.words.say("form.any_of", { fields: fields.format(group.map(label)) });
      return { group, text };
    });
  }

  #problemText(problem, field) {
    const inGroup = this.groups.find(({ group }) => group.includes(field.key));
    if (problem.code === "missing" && inGroup) return inGroup.text;
    return this.words.problem(problem, field.control.type);
  }

  /** The answers to the declared questions; what was left empty is left out. */
  get answers() {
    const given = this.questions.map((field) => [field.key, field.value]);
    return Object.fromEntries(given.filter(([, value]) => value !== null));
  }

  async #send(event) {
    event.preventDefault();
    if (this.sender.disabled) return;
    this.clearErrors();
    const root = this.sender.getRootNode();
    const pressed = root.activeElement === this.sender;
    this.sender.disabled = true;
    try {
      await this.submit(this);
    } catch (error) {
      this.showError(error);
    } finally {
      this.sender.disabled = false;
      // who works by keyboard goes on from the button, whose focus went with its being disabled
      if (pressed && [null, document.body].includes(root.activeElement)) this.sender.focus();
    }
  }

  clearErrors() {
    this.problem.hidden = true;
    for (const field of this.fields) field.showError(null);
  }

  showError(error) {
    const left = [];
    let first = null;
    for (const problem of error.problems ?? []) {
      const field = this.#fieldOf(problem.field);
      if (field) field.showError(this.#problemText(problem, field));
      else left.push(this.words.problem(problem));
      first ??= field;
    }
    if (!first || left.length) {
      setText(this.problem, left.length ? left.join(" ") : this.words.refusal(error));
      this.problem.hidden = false;
    }
    first?.focus();
  }

  /** The field a problem names: `email`, or with its place before, `answers.email`. */
  #fieldOf(name) {
    const key = name.split(".").at(-1);
    return this.fields.find((field) => field.key === key) ?? null;
  }
}
