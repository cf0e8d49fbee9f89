// list: the conversations at the left, searched through and filtered.

const texts = new Map(); // position of a conversation -> everything said in it, in lower case
let latest = 0;

/** Everything said in a conversation; read when somebody first searches. */
function textOf(entry) {
  if (entry.failed) return "";
  if (!texts.has(entry.position)) {
    const record = recordAt(entry.position);
    const { facts, traits } = record.graph.persona;
    texts.set(entry.position, [...record.nodes.map((node) => node.text), ...facts, ...traits].join("\n").toLowerCase());
  }
  return texts.get(entry.position);
}

const headOf = (entry) => (entry.id + "\n" + entry.persona + "\n" + (entry.reason || "")).toLowerCase();

const wantedWords = () => byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);

function fits(entry) {
  const found = judgedBy(entry);
  const least = byId("least").valueAsNumber;
  const most = byId("most").valueAsNumber;
  const margin = found ? found.margin : null;
  if (byId("who").value && entry.persona !== byId("who").value) return false;
  if (!Number.isNaN(least) && (margin === null || margin < least)) return false;
  if (!Number.isNaN(most) && (margin === null || margin > most)) return false;
  switch (byId("show").value) {
    case "unscored": return found !== null && found.unscored > 0;
    case "ties": return found !== null && found.ties > 0;
    case "none": return !entry.failed && (found === null || found.pairs === 0);
    case "stopped": return Boolean(entry.stop);
    case "failed": return entry.failed;
    default: return true;
  }
}

const ORDERS = {
  run: () => 0,
  low: (entry) => judgedBy(entry)?.margin ?? Infinity,
  high: (entry) => -(judgedBy(entry)?.margin ?? -Infinity),
  pairs: (entry) => -(judgedBy(entry)?.pairs ?? -1),
  size: (entry) => -entry.messages,
};

function ordered(found) {
  const key = ORDERS[byId("sort").value];
  return found.map((entry) => [key(entry), entry]).sort((a, b) => (a[0] === b[0] ? 0 : a[0] - b[0])).map(([, entry]) => entry);
}

/** Searches in slices, so that typing never waits for it; a later search ends an earlier one. */
async function refresh() {
  const ticket = ++latest;
  const words = wantedWords();
  const found = [];
  let pause = performance.now() + 15;
  for (const entry of entries.filter(fits)) {
    const missing = words.filter((word) => !headOf(entry).includes(word));
    if (!missing.length || missing.every((word) => textOf(entry).includes(word))) found.push(entry);
    if (performance.now() > pause) {
      byId("count").textContent = "searching …";
      await new Promise((resume) => setTimeout(resume));
      if (ticket !== latest) return;
      pause = performance.now() + 15;
    }
  }
  await listed(ordered(found), words, ticket);
  highlight(words);
}

async function listed(found, words, ticket) {
  listed.shown = found;
  const all = entries.length;
  byId("count").textContent = found.length === all ? count(all, "conversation") : found.length.toLocaleString("en") + " of " + count(all, "conversation");
  const items = byId("items");
  items.replaceChildren(...found.slice(0, 200).map((entry) => item(entry, words)));
  for (let start = 200; start < found.length; start += 400) {
    await new Promise((resume) => setTimeout(resume));
    if (ticket !== latest) return;
    items.append(...found.slice(start, start + 400).map((entry) => item(entry, words)));
  }
}

function item(entry, words) {
  const margin = judgedBy(entry)?.margin ?? null;
  const shown = entry === view.entry;
  return make("li", {}, make("button", {
    type: "button", "data-key": entry.key, "aria-current": String(shown), tabindex: shown ? "0" : "-1",
    onclick: () => { location.hash = address(entry); turnTo("talk"); },
  },
  make("span", { class: "id", text: entry.id, dir: "auto" }),
  margin === null ? null : make("span", { class: "margin", text: "margin " + figure(margin) }),
  make("span", { class: "about", text: entry.persona, dir: "auto" }),
  make("span", { class: "tally" }, ...tally(entry)),
  snippet(entry, words)));
}

/** How the conversation was judged, in signs with words for those who do not see them. */
function tally(entry) {
  if (entry.failed) return [make("span", { class: "failed", text: "✕ failed" })];
  const found = judgedBy(entry) || { pairs: 0, ties: 0, unscored: 0 };
  const parts = [make("span", { class: "chosen", text: "✓ " + count(found.pairs, "pair") })];
  if (found.ties) parts.push(make("span", { class: "tie", text: "= " + count(found.ties, "tie") }));
  if (found.unscored) parts.push(make("span", { class: "unscored", text: "? " + found.unscored + " unscored" }));
  if (entry.stop) parts.push(make("span", { class: "stopped", text: "■ " + entry.stop, dir: "auto" }));
  return parts;
}

/** Where the words of a search stand in the texts. */
function snippet(entry, words) {
  const word = words.find((one) => !headOf(entry).includes(one));
  if (!word) return null;
  const text = textOf(entry);
  const at = text.indexOf(word);
  const from = Math.max(0, at - 24);
  return make("span", { class: "snippet", dir: "auto" },
    (from ? "…" : "") + text.slice(from, at), make("mark", { text: word }), text.slice(at + word.length, at + word.length + 60));
}

/** Marks the words of a search in the conversation; browsers without the highlight API show it unmarked. */
function highlight(words) {
  if (typeof Highlight === "undefined") return;
  const marks = new Highlight();
  for (const box of words.length ? document.querySelectorAll("#talk .text, #persona .text") : []) {
    const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) for (const range of places(node, words)) marks.add(range);
  }
  CSS.highlights.set("found", marks);
}

function places(node, words) {
  const text = node.data.toLowerCase();
  const ranges = [];
  if (text.length !== node.data.length) return ranges; // a few letters change their length: places would not fit
  for (const word of words) {
    for (let at = text.indexOf(word); at >= 0 && ranges.length < 500; at = text.indexOf(word, at + word.length)) {
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + word.length);
      ranges.push(range);
    }
  }
  return ranges;
}

/** Shows in the list which conversation is open, and lets the tab key reach it. */
function point(entry) {
  for (const one of document.querySelectorAll("#items button")) {
    const here = one.dataset.key === entry.key;
    one.setAttribute("aria-current", String(here));
    one.tabIndex = here ? 0 : -1;
    if (here) one.scrollIntoView({ block: "nearest" });
  }
}

function prepareList() {
  const names = [...new Set(entries.map((entry) => entry.persona))].sort();
  byId("who").append(...names.map((name) => make("option", { value: name, text: name })));
  for (const id of ["search", "least", "most", "who", "show", "sort"]) byId(id).addEventListener("input", changed);
  byId("clear").addEventListener("click", () => {
    for (const id of ["search", "least", "most", "who"]) byId(id).value = "";
    byId("show").value = "all";
    byId("sort").value = "run";
    changed();
  });
  byId("items").addEventListener("keydown", walk);
}

function changed() {
  const active = ["least", "most", "who"].filter((id) => byId(id).value).length + (byId("show").value !== "all");
  byId("active").textContent = active ? " (" + active + " on)" : "";
  refresh();
}

/** Up, down, home and end inside the list. */
function walk(event) {
  const all = [...byId("items").querySelectorAll("button")];
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined || !all[to]) return;
  event.preventDefault();
  all[to].focus();
}
