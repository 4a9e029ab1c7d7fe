// The words of the pages: codes in, sentences out, from lang/LANGUAGE.json.

export const LANGUAGES = ["en", "fr"];

/** The language to speak: `?lang=`, then what the page declares, then the browser's list. */
export function chooseLanguage(declared = null) {
  const asked = new URLSearchParams(location.search).get("lang");
  const wishes = [asked, declared, ...navigator.languages];
  const codes = wishes.filter(Boolean).map((wish) => wish.toLowerCase().split("-")[0]);
  return codes.find((code) => LANGUAGES.includes(code)) ?? LANGUAGES[0];
}

export class Words {
  static async load(language) {
    const answer = await fetch(new URL(`lang/${language}.json`, import.meta.url));
    if (!answer.ok) throw new Error(`no words for ${language}: HTTP ${answer.status}`);
    return new Words(language, await answer.json());
  }

  #sentences;
  #plural;

  constructor(language, sentences) {
    this.language = language;
    this.#sentences = sentences;
    this.#plural = new Intl.PluralRules(language);
  }

  has(code) {
    return Object.hasOwn(this.#sentences, code);
  }

  /** The sentence for `code`; `{name}` in it is replaced once, `count` chooses the plural form. */
  say(code, values = {}) {
    let sentence = this.has(code) ? this.#sentences[code] : code;
    if (typeof sentence === "object") {
      sentence = sentence[this.#plural.select(values.count)] ?? sentence.other;
    }
    return sentence.replace(/\{(\w+)\}/g, (whole, name) =>
      Object.hasOwn(values, name) ? String(values[name]) : whole,
    );
  }

  /** The text of a label `{fr: …, en: …}` in this language, or in the first it has. */
  label(label, fallback = "") {
    return label?.[this.language] ?? Object.values(label ?? {})[0] ?? fallback;
  }

  /** A refusal as sentences: what is wrong, or ours where the code is known, or the server's. */
  refusal(error) {
    const wrong = (error.problems ?? []).map((problem) => this.problem(problem));
    if (wrong.length) return [...new Set(wrong)].join(" ");
    const code = `refused.${error.code}`;
    return this.has(code) ? this.say(code) : error.message || this.say("refused");
  }

  /** What is wrong with one field; `type` is its input's. */
  problem(problem, type = "text") {
    const codes = [`problem.${problem.code}.${type}`, `problem.${problem.code}`];
    const code = codes.find((each) => this.has(each));
    return code ? this.say(code) : problem.message;
  }

  time(seconds) {
    const options = { hour: "2-digit", minute: "2-digit" };
    return new Intl.DateTimeFormat(this.language, options).format(new Date(seconds * 1000));
  }

  dateTime(seconds) {
    const options = { dateStyle: "medium", timeStyle: "short" };
    return new Intl.DateTimeFormat(this.language, options).format(new Date(seconds * 1000));
  }

  /** A length of time, rounded so as to be read at a glance. */
  duration(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60) return this.say("duration.seconds", { count: whole });
    const minutes = Math.round(whole / 60);
    if (minutes < 60) return this.say("duration.minutes", { count: minutes });
    return this.say("duration.hours", { count: Math.round(minutes / 60) });
  }
}
