// What the pages keep in the browser: for the tab, or for all pages of the site.

/** Texts by key. Where the browser allows no storage, or has no room, they last as the page does. */
class Kept {
  #area = null;
  #here = new Map();

  constructor(name) {
    try {
      this.#area = window[name];
    } catch {
      // the visitor allows no storage; he may chat all the same
    }
  }

  get(key) {
    return this.#here.get(key) ?? this.#area?.getItem(key) ?? null;
  }

  set(key, text) {
    try {
      this.#area.setItem(key, text);
      this.#here.delete(key);
    } catch {
      this.#here.set(key, text);
    }
  }

  remove(key) {
    this.#here.delete(key);
    this.#area?.removeItem(key);
  }
}

export const inTab = new Kept("sessionStorage");
export const inSite = new Kept("localStorage");
