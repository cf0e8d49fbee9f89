"use strict";
// Everything a model wrote reaches the page through textContent alone.
const data = JSON.parse(document.getElementById("data").textContent);
const trees = data.trees;
const chosenBranch = new Map(); // "tree/user message" -> the reply whose branch is shown

function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (key === "text") element.textContent = value;
    else if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function indexed(tree) {
  if (!tree.byId) {
    tree.byId = new Map(tree.nodes.map((node) => [node.id, node]));
    tree.below = new Map();
    for (const edge of tree.edges) {
      if (!tree.below.has(edge.source)) tree.below.set(edge.source, []);
      tree.below.get(edge.source).push(tree.byId.get(edge.target));
    }
  }
  return tree;
}

const below = (tree, id) => indexed(tree).below.get(id) || [];

function comparisons(tree, user) {
  return tree.graph.verdicts.filter((entry) => entry.a.startsWith(user + ".") && entry.a.split(".").length === user.split(".").length + 1);
}

function label(tree, user, reply) {
  let won = false, lost = false, seen = "";
  for (const entry of comparisons(tree, user)) {
    if (entry.a !== reply && entry.b !== reply) continue;
    const outcome = entry.by[0].outcome;
    if (outcome === "tie" || outcome === "unscored") seen = seen === "tie" ? "tie" : outcome;
    else if ((outcome === "a") === (entry.a === reply)) won = true;
    else lost = true;
  }
  if (won !== lost) return won ? "chosen" : "rejected";
  return won ? "tie" : seen;
}

const MARK = { chosen: "✓ preferred", rejected: "✗ rejected", tie: "= tie", unscored: "? unscored" };

function drawReply(tree, user, reply, shown) {
  const verdict = label(tree, user, reply.id);
  const follow = below(tree, reply.id).length && reply.id !== shown
    ? make("button", { type: "button", text: "show this branch", onclick: () => { chosenBranch.set(tree.graph.id + "/" + user, reply.id); draw(tree); } })
    : null;
  return make("article", { class: "reply" + (reply.continued ? " continued" : ""), id: "m-" + reply.id },
    make("div", {},
      verdict ? make("span", { class: "badge " + verdict, text: MARK[verdict] }) : null,
      make("span", { class: "badge", text: reply.agent || "reply" }),
      reply.continued ? make("span", { class: "badge", text: "→ continued" }) : null,
      make("span", { class: "who", text: reply.model || "" })),
    make("p", { class: "text", text: reply.text, dir: "auto" }),
    follow);
}

function drawVerdicts(tree, user) {
  const found = comparisons(tree, user);
  if (!found.length) return null;
  const name = (id) => { const node = indexed(tree).byId.get(id); return node ? node.agent || id : id; };
  const parts = [make("summary", { text: "How it was judged" })];
  for (const entry of found) {
    for (const verdict of entry.by) {
      const winner = verdict.outcome === "a" ? name(entry.a) : verdict.outcome === "b" ? name(entry.b) : verdict.outcome;
      const lines = [verdict.judge + ": " + winner + (verdict.margin ? ", margin " + verdict.margin : "") + (verdict.reason ? " (" + verdict.reason + ")" : "")];
      if (verdict.scores) lines.push("scores: " + name(entry.a) + " " + verdict.scores[0] + ", " + name(entry.b) + " " + verdict.scores[1]);
      for (const vote of verdict.votes || []) lines.push("asked in order " + vote.order + ": " + vote.outcome + "  «" + (vote.raw || "") + "»");
      parts.push(make("pre", { text: lines.join("\n") }));
    }
  }
  return make("details", {}, ...parts);
}

function draw(tree) {
  const talk = document.getElementById("talk");
  const turns = [];
  const disclosed = new Set(), induced = [];
  let user = indexed(tree).byId.get("0");
  while (user) {
    const replies = below(tree, user.id);
    const wanted = chosenBranch.get(tree.graph.id + "/" + user.id);
    const next = replies.find((reply) => reply.id === wanted) || replies.find((reply) => reply.continued);
    if (user.disclose) disclosed.add(user.disclose);
    for (const item of tree.graph.persona.facts.concat(tree.graph.persona.traits)) if (user.text.includes(item)) disclosed.add(item);
    for (const item of user.induced || []) induced.push([user.turn, item]);
    turns.push(make("section", { class: "turn", "aria-label": "Turn " + user.turn },
      make("div", { class: "said", id: "m-" + user.id },
        make("span", { class: "who", text: "turn " + user.turn + " · the user" }),
        make("p", { class: "text", text: user.text, dir: "auto" })),
      make("div", { class: "replies" }, ...replies.map((reply) => drawReply(tree, user.id, reply, next && next.id))),
      drawVerdicts(tree, user.id)));
    user = next ? below(tree, next.id)[0] : null;
  }
  talk.replaceChildren(...turns);
  drawPersona(tree.graph.persona, disclosed, induced);
}

function drawPersona(persona, disclosed, induced) {
  const items = (list) => make("ul", {}, ...list.map((item) => make("li", { class: disclosed.has(item) ? "out" : "", text: item, dir: "auto" })));
  document.getElementById("persona").replaceChildren(
    make("h2", { text: persona.id }),
    make("h3", { text: "Profile (✓ has come up in this branch)" }), items(persona.facts),
    make("h3", { text: "Personality" }), items(persona.traits),
    make("h3", { text: "What the inducer found, by turn" }),
    make("ul", {}, ...induced.map(([turn, item]) => make("li", { text: turn + ": " + item, dir: "auto" }))));
}

function select(tree, focus) {
  for (const button of document.querySelectorAll("#items button")) button.setAttribute("aria-current", String(button.dataset.id === tree.graph.id));
  draw(tree);
  document.getElementById("talk").scrollTop = 0;
  if (focus) document.getElementById("talk").focus();
}

function haystack(tree) {
  tree.words ??= (tree.graph.id + " " + tree.graph.persona.id + " " + tree.nodes.map((node) => node.text).join(" ")).toLowerCase();
  return tree.words;
}

function list() {
  const wanted = document.getElementById("search").value.toLowerCase().trim();
  const found = trees.filter((tree) => !wanted || haystack(tree).includes(wanted));
  document.getElementById("count").textContent = found.length + " of " + trees.length + " conversations";
  document.getElementById("items").replaceChildren(...found.map((tree) => {
    const decided = tree.graph.verdicts.filter((entry) => ["a", "b"].includes(entry.by[0].outcome)).length;
    return make("li", {}, make("button", { type: "button", "data-id": tree.graph.id, onclick: () => { location.hash = tree.graph.id; } },
      make("span", { class: "id", text: tree.graph.id + " · " + decided + " pairs" }),
      make("span", { class: "about", text: tree.graph.persona.id })));
  }));
  return found;
}

function fromAddress(focus) {
  const id = decodeURIComponent(location.hash.slice(1));
  const tree = trees.find((one) => one.graph.id === id) || trees[0];
  if (tree) select(tree, focus);
}

document.getElementById("summary").textContent = data.summary;
document.getElementById("search").addEventListener("input", () => { list(); });
document.getElementById("theme").addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const root = document.documentElement.classList;
  const isDark = root.contains("dark") || (dark && !root.contains("light"));
  root.toggle("dark", !isDark);
  root.toggle("light", isDark);
});
addEventListener("hashchange", () => fromAddress(true));
list();
fromAddress(false);
