// elements: how things get onto the page. Texts become text nodes and nothing else: what a model wrote is never markup.

const MARKS = {
  chosen: { sign: "✓", word: "preferred" },
  rejected: { sign: "✗", word: "rejected" },
  tie: { sign: "=", word: "tie" },
  unscored: { sign: "?", word: "unscored" },
};
const LONG = 1500;
const TURNING = /([\u202a-\u202e\u2066-\u2069])/u;

const byId = (id) => document.getElementById(id);

/** An element. `text` is its text, `on...` its listeners, everything else its attributes; null children are left out. */
function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (key === "text") element.append(...settled(value));
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A text in pieces, each character that changes the direction of what follows shut in, so that it can turn nothing. */
function settled(text) {
  return String(text).split(TURNING).map((piece, at) => {
    if (at % 2 === 0) return piece;
    const shut = document.createElement("bdi");
    shut.className = "turning";
    shut.title = "a character that changes the direction of text";
    shut.textContent = piece;
    return shut;
  });
}

/** An element of an SVG picture; the page's empty one lends its namespace, so that no address stands in here. */
function drawn(tag, attributes = {}, ...children) {
  const element = document.createElementNS(byId("shapes").namespaceURI, tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const button = (text, onclick, options = {}) => make("button", { type: "button", text, onclick, ...options });

/** A text that somebody or some model wrote, in its own direction; folded where it is very long. */
function foreign(text, pieces = null, long = LONG) {
  const box = make("div", { class: "text", dir: "auto" }, ...(pieces || settled(text)));
  if (text.length <= long) return box;
  box.classList.add("folded");
  const more = button("Show all " + text.length.toLocaleString("en") + " characters", () => {
    const folded = box.classList.toggle("folded");
    more.setAttribute("aria-expanded", String(!folded));
    more.textContent = folded ? "Show all " + text.length.toLocaleString("en") + " characters" : "Show less";
  }, { class: "quiet", "aria-expanded": "false" });
  return make("div", {}, box, more);
}

function badge(text, kind = "", title = null) {
  return make("span", { class: "badge " + kind, text, title, dir: "auto" });
}

function mark(label) {
  return make("span", { class: "badge mark " + label, text: MARKS[label].sign + " " + MARKS[label].word });
}

/** Says something to everybody, screen readers included, for a moment. */
function announce(text) {
  const line = byId("said");
  line.textContent = text;
  line.classList.add("seen");
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => line.classList.remove("seen"), 2500);
}

const count = (number, noun) => number.toLocaleString("en") + " " + noun + (number === 1 ? "" : "s");

/** A number as people write it: 3 digits, no trailing zeros; null stands for what JSON cannot hold. */
const figure = (number) => (number === null ? "not a number" : String(Number(number.toPrecision(3))));
