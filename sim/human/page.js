/* The page of a human judge. Every text comes as JSON and goes in as text; keys and buttons do the same. */
"use strict";

const byId = (id) => document.getElementById(id);
let state = null;
let busy = false;
let over = false;

const list = (id, items, make) => byId(id).replaceChildren(...items.map(make));

function item(text) {
  const li = document.createElement("li");
  li.textContent = text;
  li.dir = "auto";
  return li;
}

function message({ role, text }) {
  const li = document.createElement("li");
  const who = document.createElement("strong");
  who.textContent = role === "user" ? "Person" : "Friend";
  const said = document.createElement("p");
  said.textContent = text;
  said.dir = "auto";
  li.className = role;
  li.append(who, said);
  return li;
}

function ended(title, text) {
  byId("end-title").textContent = title;
  byId("end-text").textContent = text;
}

function draw() {
  const { sheet, done, total, annotator, undo } = state;
  byId("count").textContent = sheet ? `${done + 1} of ${total}` : `${done} of ${total} judged`;
  byId("who").textContent = `· ${annotator}`;
  byId("progress").max = Math.max(total, 1);
  byId("progress").value = done;
  byId("work").hidden = !sheet || over;
  byId("end").hidden = Boolean(sheet) && !over;
  for (const id of ["choose-first", "choose-tie", "choose-second", "stop"]) byId(id).hidden = !sheet || over;
  byId("undo").hidden = over;
  byId("undo").disabled = !undo;
  byId("hand-in").hidden = Boolean(sheet) || over;
  if (over) ended("Handed in", "Thank you. You can close this page.");
  else if (!sheet) ended("That was the last one", "Hand it in, or take the last answer back.");
  if (!sheet || over) return byId("end-title").focus();
  list("facts", sheet.facts, item);
  list("traits", sheet.traits, item);
  list("history", sheet.history, message);
  byId("first").textContent = sheet.first;
  byId("second").textContent = sheet.second;
  const last = byId("history").lastElementChild;
  if (last) last.scrollIntoView({ block: "nearest" });
}

async function send(path, options) {
  if (busy || over) return;
  busy = true;
  try {
    const answer = await fetch(path, options);
    const data = await answer.json();
    if (!answer.ok) throw new Error(data.error || answer.statusText);
    state = data;
    over = data.over;
    byId("said").textContent = "";
    draw();
  } catch (error) {
    byId("said").textContent = `That did not get through (${error.message}). Is the program still running?`;
  } finally {
    busy = false;
  }
}

const act = (body) =>
  send("do", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

const choose = (choice) => state && state.sheet && act({ do: "answer", choice, comparison: state.sheet.comparison });

const DOES = {
  "choose-first": () => choose("first"),
  "choose-second": () => choose("second"),
  "choose-tie": () => choose("tie"),
  undo: () => state && state.undo && act({ do: "undo" }),
  "hand-in": () => state && !state.sheet && act({ do: "hand in" }),
  stop: () => act({ do: "hand in" }),
};

for (const [id, does] of Object.entries(DOES)) byId(id).addEventListener("click", does);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key === "Enter" && event.target instanceof HTMLButtonElement) return;
  const button = document.querySelector(`button[data-key="${CSS.escape(event.key.length === 1 ? event.key.toLowerCase() : event.key)}"]`);
  if (!button || button.hidden) return;
  event.preventDefault();
  DOES[button.id]();
});

send("state");
