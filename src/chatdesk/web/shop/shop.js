// The demonstration shop: four things to look at, a cart that is kept in the browser.

import { button, h } from "/chatdesk/dom.js";
import { chooseLanguage } from "/chatdesk/words.js";

const PRODUCTS = [
  {
    id: "lantern", price: 48,
    en: ["Storm lantern", "Glass and zinc, burns nine hours with one filling."],
    fr: ["Lanterne tempête", "Verre et zinc, brûle neuf heures avec un plein."],
  },
  {
    id: "teapot", price: 36,
    en: ["Cast-iron teapot", "Keeps a litre of tea hot for an hour."],
    fr: ["Théière en fonte", "Garde un litre de thé au chaud pendant une heure."],
  },
  {
    id: "armchair", price: 420,
    en: ["Reading chair", "Oak and wool, with a rest for a cup."],
    fr: ["Fauteuil de lecture", "Chêne et laine, avec un appui pour la tasse."],
  },
  {
    id: "candles", price: 12,
    en: ["Beeswax candles", "Six candles from one hive."],
    fr: ["Bougies en cire d’abeille", "Six bougies d’une même ruche."],
  },
];

const FRENCH = {
  "nav.products": "Produits",
  "nav.cart": "Panier",
  "nav.contact": "Contact",
  "nav.returns": "Retours",
  footer: "Une boutique inventée. On ne peut rien y acheter.",
  "index.title": "Lumière et thé pour les longues soirées",
  "cart.title": "Votre panier",
  "cart.help": "Une question sur la livraison ou le paiement ? Posez-la dans la discussion.",
  "cart.empty": "Votre panier est vide.",
  "contact.title": "Contact",
  "contact.text":
    "Une question sur une commande ? La discussion ci-dessous joint le service commandes.",
  "returns.title": "Retours et réparations",
  "returns.text": "Quelque chose est cassé ? La discussion ci-dessous joint l’atelier.",
  "cart.add": "Ajouter au panier",
  "cart.added": "Ajouté.",
};
const ENGLISH = {
  "cart.empty": "Your cart is empty.",
  "cart.add": "Add to cart",
  "cart.added": "Added.",
};

const language = chooseLanguage();
const say = (code) => (language === "fr" ? FRENCH : ENGLISH)[code];
const asked = new URLSearchParams(location.search);
const price = new Intl.NumberFormat(language, { style: "currency", currency: "EUR" });

function here(path, parameters = {}) {
  const url = new URL(path, location.origin);
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value);
  if (asked.has("lang")) url.searchParams.set("lang", asked.get("lang"));
  return url.href;
}

function picture(product) {
  const [name] = product[language];
  return h("img", { src: `/shop/${product.id}.svg`, alt: name, width: 160, height: 160 });
}

function card(product) {
  const [name, text] = product[language];
  const link = h("a", { href: here("/product.html", { item: product.id }) }, name);
  return h("li", {}, picture(product), h("h2", {}, link), h("p", {}, text),
    h("p", { class: "price" }, price.format(product.price)));
}

function cart() {
  return JSON.parse(localStorage.getItem("lantern-cart") ?? "[]");
}

function showProduct(place) {
  const product = PRODUCTS.find((each) => each.id === asked.get("item")) ?? PRODUCTS[0];
  const [name, text] = product[language];
  const note = h("p", { role: "status" });
  const add = () => {
    localStorage.setItem("lantern-cart", JSON.stringify([...cart(), product.id]));
    note.textContent = say("cart.added");
  };
  document.title = `${name} · The Lantern`;
  place.append(picture(product), h("h1", {}, name), h("p", {}, text),
    h("p", { class: "price" }, price.format(product.price)), button(say("cart.add"), add), note);
}

function showCart(place) {
  const chosen = cart().map((id) => PRODUCTS.find((each) => each.id === id)).filter(Boolean);
  const line = (each) => `${each[language][0]} · ${price.format(each.price)}`;
  const lines = chosen.map((each) => h("li", {}, line(each)));
  place.append(...(lines.length ? lines : [h("li", {}, say("cart.empty"))]));
}

document.documentElement.lang = language;
if (language === "fr") {
  for (const each of document.querySelectorAll("[data-say]")) {
    each.textContent = FRENCH[each.dataset.say];
  }
}
for (const link of document.querySelectorAll("header a")) {
  link.href = here(link.getAttribute("href"));
}
document.querySelector(".products")?.append(...PRODUCTS.map(card));
const productPlace = document.querySelector(".product");
if (productPlace) showProduct(productPlace);
const cartPlace = document.querySelector(".cart");
if (cartPlace) showCart(cartPlace);
