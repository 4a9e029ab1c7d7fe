// Building elements. Text enters the page only as text nodes, never as markup.

/**
 * An element. Of the properties, `on…` functions become listeners, `true` an empty attribute;
 * `null`, `undefined` and `false` are left out. Children are nodes or texts.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function button(text, onclick, properties = {}) {
  return h("button", { type: "button", onclick, ...properties }, text);
}

/** Words that only a screen reader speaks. */
export function spoken(text) {
  return h("span", { class: "spoken" }, text);
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const shownRows = new WeakMap();

/**
 * Shows a row for each of `items`, in their order. The row of an item that has not changed stays
 * as it is, so that nobody loses the focus or a click to news of others.
 */
export function showRows(list, items, make) {
  const known = shownRows.get(list) ?? new Map();
  const rows = new Map();
  for (const item of items) {
    const key = JSON.stringify(item);
    rows.set(key, known.get(key) ?? make(item));
  }
  shownRows.set(list, rows);
  for (const [key, row] of known) if (!rows.has(key)) row.remove();
  [...rows.values()].forEach((row, at) => {
    const there = list.children[at] ?? null;
    if (there !== row) list.insertBefore(row, there);
  });
}

const SCHEMES = ["https://", "http://"];
const LINK_ENDS = new Set([..." \t\n\r\u00a0<>\"«»“”"]);
const TRAILING = new Set([...".,;:!?'’)]}…"]);

/** The place of the next address in `text`, and its scheme's length; one pass, no backtracking. */
function nextLink(text, from) {
  for (let at = text.indexOf("http", from); at >= 0; at = text.indexOf("http", at + 4)) {
    const scheme = SCHEMES.find((each) => text.startsWith(each, at));
    if (scheme) return { at, scheme };
  }
  return null;
}

function linkEnd(text, from) {
  let end = from;
  while (end < text.length && !LINK_ENDS.has(text[end])) end += 1;
  while (end > from && TRAILING.has(text[end - 1])) end -= 1;
  return end;
}

/** A text as nodes, with its http and https addresses as links. Linear in the text's length. */
export function linkify(text) {
  const nodes = [];
  let done = 0;
  let link = nextLink(text, 0);
  while (link) {
    const hostAt = link.at + link.scheme.length;
    const end = linkEnd(text, hostAt);
    const address = text.slice(link.at, end);
    if (end > hostAt && URL.canParse(address)) {
      nodes.push(text.slice(done, link.at));
      nodes.push(h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address));
      done = end;
    }
    link = nextLink(text, Math.max(end, hostAt));
  }
  nodes.push(text.slice(done));
  return nodes.filter((node) => node !== "");
}

/** An http or https address without credentials, read as the browser would, or null. */
export function webAddress(text, base) {
  if (!URL.canParse(text, base)) return null;
  const url = new URL(text, base);
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  return isWeb && !url.username && !url.password ? url : null;
}

/**
 * A link to a page, in another tab unless `sameTab` and the page is of this site; its name alone
 * where the address is none to be opened.
 */
export function pageLink(address, { name, label = null, base = location.href, sameTab = false }) {
  const url = webAddress(address, base);
  if (url === null) return h("span", {}, name);
  const away = { target: "_blank", rel: "noopener noreferrer" };
  const place = sameTab && url.origin === location.origin ? {} : away;
  return h("a", { href: url.href, title: label, ...place }, name);
}

/** Calls `work` once, `milliseconds` after the last of a run of calls, at most four times that. */
export function debounced(work, milliseconds) {
  let timer = null;
  let first = 0;
  return () => {
    const now = performance.now();
    if (timer === null) first = now;
    else clearTimeout(timer);
    const pause = Math.max(0, Math.min(milliseconds, first + 4 * milliseconds - now));
    timer = setTimeout(() => {
      timer = null;
      work();
    }, pause);
  };
}

/** Calls `work` at once and then no more than once in `milliseconds`; calls between are dropped. */
export function throttled(work, milliseconds) {
  let last = -Infinity;
  return (...values) => {
    const now = performance.now();
    if (now - last < milliseconds) return;
    last = now;
    work(...values);
  };
}

/** The script element that loaded the module at `url`; its data attributes are its settings. */
export function scriptOf(url) {
  return [...document.scripts].find((script) => script.src === url) ?? null;
}
