// app: what is open, how it is reached (addresses, keys, scrolling), and how it all begins.

let byHand = false; // scrolling chooses the turn only where the reader scrolls; ours arrives late on a busy machine

function address(entry, node = null) {
  return encodeURIComponent(entry.key) + (node ? "/" + node : "");
}

/** Opens what the address names: #conversation or #conversation/message. */
function fromAddress() {
  const [, head, node] = location.hash.match(/^#?(.*?)(?:\/(\d+(?:\.\d+)*))?$/su);
  let key = head;
  try {
    key = decodeURIComponent(head);
  } catch {
    // not what this page wrote; perhaps it is an id as it stands
  }
  const entry = byKey.get(key) || entries[0];
  if (!entry) return drawNothing();
  if (key && !byKey.has(key)) announce("There is no conversation " + key + " here");
  return open(entry, node);
}

function open(entry, node = null) {
  const fresh = entry !== view.entry;
  view.entry = entry;
  document.title = whole(entry.id) + " · " + byId("top").querySelector("h1").textContent;
  if (fresh) {
    compared.clear();
    point(entry);
  }
  if (entry.failed || !entry.messages) return openEmpty(entry);
  view.tree = treeAt(entry.position);
  const known = node && view.tree.nodes.has(node);
  if (node && !known) announce("There is no message " + node + " in this conversation");
  if (fresh || (known && view.tree.show(node))) {
    if (known) view.tree.show(node);
    drawTalk();
  }
  if (known) return select(node, { remember: false });
  view.node = null;
  byHand = false;
  byId("talk").scrollTop = 0;
  return reach(view.tree.path()[0].turn);
}

function openEmpty(entry) {
  view.tree = null;
  view.node = null;
  if (entry.failed) drawFailure(entry);
  else byId("talk").replaceChildren(make("p", { class: "quiet", text: "Nothing was said in this conversation." }));
  byId("persona").replaceChildren(make("h2", { text: entry.persona, dir: "auto" }));
}

function drawNothing() {
  byId("talk").replaceChildren(make("p", { class: "quiet", text: "There are no conversations in this page." }));
}

/** Makes a message the current one. */
function select(id, { scroll = true, remember = true } = {}) {
  view.node = id;
  paint(id);
  const box = byId("m-" + id);
  byHand = false;
  box.focus({ preventScroll: true });
  if (scroll) box.scrollIntoView({ block: box.offsetHeight > byId("talk").clientHeight * 0.7 ? "start" : "nearest" });
  if (remember) history.replaceState(null, "", "#" + address(view.entry, id));
  reach(view.tree.nodes.get(id).turn);
}

function paint(id) {
  for (const box of document.querySelectorAll(".message[aria-current]")) {
    box.removeAttribute("aria-current");
    box.tabIndex = -1;
  }
  const box = byId("m-" + id);
  box.setAttribute("aria-current", "true");
  box.tabIndex = 0;
  pointMap(id);
}

/** Goes to a message, by way of another branch where it is not on the one that is shown. */
function follow(id) {
  if (view.tree.show(id)) drawTalk();
  select(id);
}

function reach(turn) {
  view.turn = turn;
  for (const one of document.querySelectorAll(".turn")) one.classList.toggle("now", Number(one.dataset.turn) === turn);
  drawPersona();
  if (!view.node) pointMap(view.tree.path().find((user) => user.turn === turn)?.id || "0");
}

/** Scrolling through the conversation moves the persona along. */
function watchTurns() {
  watchTurns.observer?.disconnect();
  watchTurns.observer = new IntersectionObserver((seen) => {
    const entered = seen.filter((one) => one.isIntersecting).at(-1);
    const turn = entered ? Number(entered.target.dataset.turn) : view.turn;
    if (byHand && turn !== view.turn) reach(turn);
  }, { root: byId("talk"), rootMargin: "-30% 0px -69% 0px" });
  for (const one of document.querySelectorAll(".turn")) watchTurns.observer.observe(one);
}

// -- keys -------------------------------------------------------------------------------------------

const KEYS = [
  [["ArrowDown", "j"], "next message", () => step(1)],
  [["ArrowUp", "k"], "message before", () => step(-1)],
  [["ArrowRight", "l"], "next reply beside it", () => sideways(1)],
  [["ArrowLeft", "h"], "reply before beside it", () => sideways(-1)],
  [["Enter"], "follow the branch of this reply", () => branch()],
  [["n"], "next conversation", () => neighbour(1)],
  [["p"], "conversation before", () => neighbour(-1)],
  [["d"], "compare the words of the replies", () => toggleWords(userHere())],
  [["v"], "how the replies were judged", () => toggleVerdicts()],
  [["m"], "show or hide the map", () => byId("talk").querySelector(".map")?.toggleAttribute("open")],
  [["/"], "search", () => { turnTo("list"); byId("search").focus(); }],
  [["t"], "dark or light", () => switchTheme()],
  [["?"], "these keys", () => byId("keys").showModal()],
  [["Escape"], "back to the conversation", () => { turnTo("talk"); byId("talk").focus(); }],
];
const NAMES = { ArrowDown: "↓", ArrowUp: "↑", ArrowRight: "→", ArrowLeft: "←", Escape: "Esc" };

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || byId("keys").open) return;
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
  if (typing ? event.key !== "Escape" : event.key.length === 1 && !byId("single").checked) return;
  if (event.key.startsWith("Arrow") && event.target.closest("#items, .strip, #persona")) return;
  if (event.key === "Enter" && event.target.closest("button, summary")) return;
  const found = KEYS.find(([keys]) => keys.includes(event.key));
  if (!found || (!view.tree && !["n", "p", "/", "t", "?", "Escape"].includes(event.key))) return;
  event.preventDefault();
  found[2]();
}

/** The message that keys start from: the current one, or the user's at the turn in view. */
const here = () => view.tree.nodes.get(view.node) || view.tree.path().find((user) => user.turn === view.turn) || view.tree.nodes.get("0");

const userHere = () => (here().role === "user" ? here().id : parentOf(here().id));

/** Up and down go along the branch that is shown: user, reply, user, reply. */
function step(by) {
  const { tree } = view;
  const node = here();
  const way = tree.path().flatMap((user) => [user, tree.next(user.id) || tree.children(user.id)[0]]).filter(Boolean);
  if (!view.node) return select(by > 0 ? node.id : (way[way.indexOf(node) - 1] || node).id);
  const at = way.findIndex((one) => one.id === node.id || (one.role === node.role && one.turn === node.turn));
  const to = way[at + by];
  return to ? select(to.id) : undefined;
}

function sideways(by) {
  const { tree } = view;
  const node = here();
  const row = node.role === "user" ? tree.children(node.id) : tree.siblings(node.id);
  const to = node.role === "user" ? row[by > 0 ? 0 : row.length - 1] : row[row.indexOf(node) + by];
  if (to) select(to.id);
}

function branch() {
  const node = here();
  if (node.role === "assistant" && view.tree.children(node.id).length) follow(view.tree.children(node.id)[0].id);
}

function neighbour(by) {
  const shown = listed.shown || entries;
  const to = shown[shown.indexOf(view.entry) + by];
  if (to) location.hash = address(to);
}

function toggleVerdicts() {
  const box = byId("m-" + userHere()).closest(".turn").querySelector(".verdicts");
  if (box) box.open = !box.open;
}

// -- theme, judge, parts of the page ------------------------------------------------------------------

/** What the reader prefers, where the browser lets a page remember. */
const remembered = {
  get: (name) => { try { return localStorage.getItem("interalign." + name); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem("interalign." + name, value); } catch { /* kept for this visit only */ } },
};

const isDark = () => document.documentElement.classList.contains("dark")
  || (matchMedia("(prefers-color-scheme: dark)").matches && !document.documentElement.classList.contains("light"));

function useTheme(dark) {
  document.documentElement.classList.toggle("dark", dark);
  document.documentElement.classList.toggle("light", !dark);
  byId("theme").textContent = dark ? "Light" : "Dark";
}

function switchTheme() {
  useTheme(!isDark());
  remembered.set("theme", isDark() ? "dark" : "light");
}

/** On a narrow screen one part of the page is shown at a time. */
function turnTo(part) {
  document.documentElement.dataset.view = part;
  for (const one of document.querySelectorAll("#views button")) one.setAttribute("aria-pressed", String(one.dataset.view === part));
}

function prepareJudges() {
  byId("judge-choice").hidden = index.judges.length < 2;
  byId("judge").append(...index.judges.map((name) => make("option", { value: name, text: name })));
  byId("judge").addEventListener("input", () => {
    view.judge = byId("judge").value;
    if (view.tree) {
      drawTalk();
      if (view.node) paint(view.node);
    }
    refresh();
  });
}

function prepareHelp() {
  byId("key-list").append(...KEYS.flatMap(([keys, what]) => [
    make("dt", {}, ...keys.flatMap((key, at) => [at ? " or " : "", make("kbd", { text: NAMES[key] || key })])), make("dd", { text: what })]));
  byId("help").addEventListener("click", () => byId("keys").showModal());
  byId("close").addEventListener("click", () => byId("keys").close());
  byId("single").checked = remembered.get("letters") !== "off";
  byId("single").addEventListener("input", () => remembered.set("letters", byId("single").checked ? "on" : "off"));
}

function begin() {
  byId("summary").textContent = index.summary;
  const theme = remembered.get("theme");
  useTheme(theme ? theme === "dark" : isDark());
  byId("theme").addEventListener("click", switchTheme);
  for (const one of document.querySelectorAll("#views button")) one.addEventListener("click", () => turnTo(one.dataset.view));
  turnTo("talk");
  prepareJudges();
  prepareHelp();
  prepareList();
  addEventListener("hashchange", fromAddress);
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    addEventListener(kind, () => { byHand = true; }, { capture: true, passive: true });
  }
  addEventListener("keydown", pressed);
  refresh();
  fromAddress();
}

begin();
