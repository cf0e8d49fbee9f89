// talk: the conversation in the middle: what the user said, the candidate replies beside each other, and where it went on.

const WIDE = 3;
const compared = new Set(); // user messages whose replies are shown with their differences

function drawTalk() {
  const { tree } = view;
  const users = tree.path();
  byId("talk").replaceChildren(head(tree), mapOf(tree), ...users.map((user, place) => turnOf(tree, user, users[place - 1])), end(tree));
  view.told = users.flatMap((user) => disclosure(tree.personaAt(user.turn), [user]));
  watchTurns();
  highlight(wantedWords());
}

function head(tree) {
  const found = judgedBy(view.entry);
  const facts = [count(view.entry.turns, "turn"), count(view.entry.messages, "message"), ...(found ? [count(found.pairs, "pair")] : [])];
  return make("header", { class: "head" },
    make("h2", { dir: "auto", text: tree.id }),
    make("p", { class: "facts", text: facts.join(" · ") }),
    make("div", { class: "actions", role: "group", "aria-label": "Copy" },
      button("Copy Markdown", () => copy(asMarkdown(tree), "the branch as Markdown")),
      button("Copy JSON", () => copy(JSON.stringify(tree.record, null, 2), "the tree as JSON")),
      button("Copy link", () => copy(linkHere(), "the link"))));
}

function end(tree) {
  return tree.stop ? make("p", { class: "stop", dir: "auto", text: "■ The conversation stopped early: " + tree.stop }) : make("p", { class: "stop", text: "" });
}

function turnOf(tree, user, before) {
  const replies = tree.children(user.id);
  const shown = tree.next(user.id);
    return make("section", { class: "turn", "data-turn": user.turn, "aria-label": "Turn " + user.turn },
    before ? join(wayOn(tree, before)) : null,
    said(tree, user),
    replies.length ? rowOf(tree, user, replies, shown) : null,
    replies.length ? below(tree, user, replies, shown) : null);
}

/** The replies beside each other; many of them scroll sideways. */
function rowOf(tree, user, replies, shown) {
  const row = make("div", { class: replies.length > WIDE ? "row wide" : "row" }, fan(tree, replies),
    make("div", { class: "replies" }, ...cards(tree, user, replies, shown)));
  row.style.setProperty("--count", replies.length);
  return row;
}

/** Where below the replies to `user` the branch goes on, in percent of the width; in the middle where they may scroll. */
function wayOn(tree, user) {
  const replies = tree.children(user.id);
  return replies.length > WIDE ? 50 : centre(replies.indexOf(tree.next(user.id)), replies.length);
}

const centre = (at, of) => ((at + 0.5) / of) * 100;

/** The lines from a user message to its replies. */
function fan(tree, replies) {
  const lines = replies.map((reply, at) => [reply.continued, "M50 0C50 9 " + centre(at, replies.length) + " 7 " + centre(at, replies.length) + " 16"]);
  lines.sort((a, b) => Number(a[0] || false) - Number(b[0] || false));
  return curves("fan", lines);
}

/** The line from the reply that is shown to what the user says next. */
const join = (from) => curves("join", [[true, "M" + from + " 0C" + from + " 9 50 7 50 16"]]);

function curves(kind, lines) {
  return drawn("svg", { class: "curves " + kind, viewBox: "0 0 100 16", preserveAspectRatio: "none", "aria-hidden": "true" },
    ...lines.map(([continued, d]) => drawn("path", { d, class: continued ? "continued" : "" })));
}

function said(tree, user) {
  const others = tree.siblings(user.id);
  return message(user, "said", "Turn " + user.turn + ", the user",
    make("p", { class: "line" },
      make("span", { class: "turn-number", text: "Turn " + user.turn }),
      badge("the user"),
      user.model ? badge(user.model, "model") : null,
      others.length > 1 ? variants(tree, others, user) : null),
    foreign(user.text), aside(user));
}

/** Buttons for what the user said instead, where a reply was answered more than once. */
function variants(tree, others, user) {
  return make("span", { class: "variants", role: "group", "aria-label": "Other messages of the user here" },
    ...others.map((other, at) => button(String(at + 1), () => follow(other.id), { "aria-pressed": String(other === user), "aria-label": "message " + (at + 1) + " of " + others.length })));
}

function message(node, kind, name, ...parts) {
  return make("article", {
    class: "message " + kind, id: "m-" + node.id, "data-node": node.id, tabindex: "-1", "aria-label": name, onclick: clicked,
  }, ...parts);
}

/** A click into a message selects it; a click on something in it, or the selection of text, does what it always does. */
function clicked(event) {
  if (event.target.closest("button, summary, a") || !document.getSelection().isCollapsed) return;
  select(event.currentTarget.dataset.node, { scroll: false });
}

function cards(tree, user, replies, shown) {
  const base = replies.find((reply) => tree.label(reply.id) === "chosen") || replies.find((reply) => reply.continued) || replies[0];
  const found = compared.has(user.id) && replies.length > 1 ? differences(replies, base) : null;
  return replies.map((reply, at) => card(tree, reply, {
    name: "Reply " + (at + 1) + " of " + replies.length,
    shown: reply === shown,
    pieces: found ? found.pieces.get(reply.id) || null : null,
    base: found && replies.length > 2 && reply === base,
  }));
}

function card(tree, reply, { name, shown, pieces, base }) {
  const label = tree.label(reply.id);
  const kinds = ["reply", label || "", reply.continued ? "continued" : "", shown ? "shown" : ""].join(" ");
  const words = [name, label ? MARKS[label].word : "not judged", reply.agent || "", reply.continued ? "continued" : "not continued"];
  return message(reply, kinds, words.filter(Boolean).join(", "),
    make("p", { class: "line" },
      label ? mark(label) : badge("not judged", "quiet"),
      reply.strategy || reply.agent ? badge(reply.strategy || reply.agent, "strategy", "strategy") : null,
      reply.strategy && reply.agent && reply.agent !== reply.strategy ? badge(reply.agent, "agent", "who spoke") : null,
      reply.model ? badge(reply.model, "model", "model") : null,
      base ? badge("compared with this", "quiet") : null),
    foreign(reply.text, pieces),
    make("p", { class: "line foot" },
      reply.continued ? badge("→ continued", "onward") : null,
      tree.children(reply.id).length && !shown ? button("Follow this branch", () => follow(reply.id)) : null,
      reply.tokens ? make("span", { class: "size", text: count(reply.tokens, "token") }) : null),
    aside(reply));
}

/** What is kept at a message beside its text, on demand. */
function aside(node) {
  const rows = [];
  if (node.disclose) rows.push(["planned", node.disclose]);
  for (const item of node.induced || []) rows.push(["noted", item]);
  if (node.induced && !node.induced.length) rows.push(["noted", "nothing new"]);
  for (const [name, value] of Object.entries(node.notes || {})) rows.push([name, typeof value === "string" ? value : JSON.stringify(value)]);
  if (!rows.length) return null;
  return make("details", { class: "aside" },
    make("summary", { text: node.role === "user" ? "planned and noted" : "notes" }),
    make("dl", {}, ...rows.flatMap(([name, value]) => [make("dt", { text: name, dir: "auto" }), make("dd", {}, foreign(value, null, 400))])));
}

// -- what can be done with the replies of a turn ------------------------------------------------------

/** The tools, and behind them the line from the reply that is shown down to what comes next. */
function below(tree, user, replies, shown) {
  const box = make("div", { class: "below" });
  if (shown && tree.next(shown.id)) {
    const wire = make("div", { class: "wire" });
    wire.style.left = wayOn(tree, user) + "%";
    box.append(wire);
  }
  if (replies.length > 1) box.append(tools(tree, user));
  return box;
}

function tools(tree, user) {
  const compare = button("Compare words", () => toggleWords(user.id), { class: "compare", "aria-pressed": String(compared.has(user.id)) });
  return make("div", { class: "tools" }, compare, verdictsOf(tree, user));
}

function toggleWords(user) {
  const { tree } = view;
  const node = tree.nodes.get(user);
  const replies = tree.children(user);
  if (replies.length < 2) return;
  compared.has(user) ? compared.delete(user) : compared.add(user);
  const section = byId("m-" + user).closest(".turn");
  section.querySelector(".replies").replaceChildren(...cards(tree, node, replies, tree.next(user)));
  section.querySelector(".compare").setAttribute("aria-pressed", String(compared.has(user)));
  if (view.node) paint(view.node);
  if (compared.has(user)) announce("Marked words stand in one reply only");
}

/** The judges' decisions on the replies to a message; reasons, scores and votes are drawn when they are asked for. */
function verdictsOf(tree, user) {
  const found = tree.comparisons(user.id);
  if (!found.length) return make("p", { class: "quiet", text: "not judged" });
  const box = make("details", { class: "verdicts" }, make("summary", { text: "How it was judged" + inShort(tree, found) }));
  box.addEventListener("toggle", () => {
    if (box.open && box.children.length === 1) box.append(...found.flatMap((entry) => entry.by.map((one) => verdict(tree, entry, one))));
  });
  return box;
}

const speaker = (tree, id) => {
  const node = tree.nodes.get(id);
  const name = node.agent || node.strategy || "reply";
  const same = tree.siblings(id).filter((other) => (other.agent || other.strategy || "reply") === name);
  return same.length > 1 ? name + " (reply " + (tree.siblings(id).indexOf(node) + 1) + ")" : name;
};

function inShort(tree, found) {
  const one = found.length === 1 ? found[0].by.find((given) => given.judge === view.judge) : null;
  if (!one) return " (" + count(found.length, "comparison") + ")";
  return ": " + outcome(tree, found[0], one) + (one.margin ? ", margin " + figure(one.margin) : "");
}

const outcome = (tree, entry, given) => (given.outcome === "a" || given.outcome === "b" ? speaker(tree, entry[given.outcome]) + " preferred" : given.outcome);

function verdict(tree, entry, given) {
  const rows = [
    ["compared", speaker(tree, entry.a) + " with " + speaker(tree, entry.b)],
    ["outcome", outcome(tree, entry, given)],
    ["margin", figure(given.margin || 0)],
  ];
  if (given.scores) rows.push(["scores", speaker(tree, entry.a) + " " + figure(given.scores[0]) + ", " + speaker(tree, entry.b) + " " + figure(given.scores[1])]);
  if (given.reason) rows.push(["reason", given.reason]);
  for (const vote of given.votes || []) {
    const order = { ab: entry.a, ba: entry.b }[vote.order];
    rows.push([vote.judge ? "vote of " + vote.judge : "vote", outcome(tree, entry, vote)
      + (order ? ", with " + speaker(tree, order) + " shown first" : "") + (vote.raw ? "; the judge wrote: " + vote.raw : "")]);
  }
  for (const member of given.members || []) {
    rows.push(["member", member.judge + ": " + outcome(tree, entry, member) + (member.reason ? " (" + member.reason + ")" : "")]);
  }
  return make("div", { class: "verdict" }, make("h4", { text: given.judge, dir: "auto" }),
    make("dl", {}, ...rows.flatMap(([name, text]) => [make("dt", { text: name }), make("dd", {}, foreign(text, null, 800))])));
}

// -- failures ---------------------------------------------------------------------------------------

function drawFailure(entry) {
  byId("talk").replaceChildren(make("header", { class: "head" }, make("h2", { dir: "auto", text: entry.id }),
    make("div", { class: "actions" }, button("Copy JSON", () => copy(JSON.stringify({ id: entry.id, persona: entry.persona, error: entry.error, reason: entry.reason }, null, 2), "the failure as JSON")))),
  make("article", { class: "message failure", "aria-label": "Failure" },
    make("p", { class: "line" }, badge("✕ failed", "failed"), entry.error ? badge(entry.error, "model") : null),
    foreign(entry.reason || "no reason is kept")),
  make("p", { class: "quiet", text: "Failed conversations are tried again when the run is resumed." }));
}
