// persona: at the right, what the conversation has brought up of the person by the turn at hand, and what the inducer made of it.

function drawPersona() {
  const { flip } = view.tree;
  const persona = view.tree.personaAt(view.turn);
  const told = view.told.filter((one) => one.turn <= view.turn);
  const since = new Map(); // item -> the turn in which it first came up
  for (const one of told) for (const item of one.out) if (!since.has(item)) since.set(item, one.turn);
  const state = { since, planned: new Map(told.map((one) => [one.planned, one.turn])), notes: told.flatMap((one) => one.notes) };
  const noted = new Set(state.notes.filter((note) => note.item).map((note) => note.item)).size;
  byId("persona").replaceChildren(
    make("h2", { text: persona.id, dir: "auto" }),
    ...(flip ? [make("p", { class: "flip", text: "The preferences change at turn " + flip.turn + "." })] : []),
    stepper(),
    bar(since.size, noted, persona.facts.length + persona.traits.length),
    make("h3", { text: "Profile" }), list(persona.facts, state),
    make("h3", { text: "Personality" }), list(persona.traits, state),
    ...strays(told, state.notes));
  uncover(byId("persona").querySelector(".now"));
}

/** Scrolls what has just come up into view, inside its column alone. */
function uncover(item) {
  if (!item) return;
  const column = byId("persona");
  const above = item.getBoundingClientRect().top - column.getBoundingClientRect().top;
  if (above < 0 || above + item.offsetHeight > column.clientHeight) column.scrollTop += above - column.clientHeight / 3;
}

function stepper() {
  const last = view.told.length ? view.told[view.told.length - 1].turn : 1;
  const go = (step) => {
    const one = view.tree.path().find((user) => user.turn === view.turn + step);
    if (one) select(one.id);
  };
  return make("p", { class: "stepper" },
    button("‹", () => go(-1), { "aria-label": "turn before", ...(view.turn > 1 ? {} : { disabled: "" }) }),
    make("span", { text: "by turn " + view.turn + " of " + last }),
    button("›", () => go(1), { "aria-label": "next turn", ...(view.turn < last ? {} : { disabled: "" }) }));
}

/** How much has come up, and how much of it the inducer noted. */
function bar(out, noted, items) {
  const part = (kind, much) => drawn("rect", { class: kind, x: "0", y: "0", height: "6", width: String((100 * much) / items) });
  return make("div", { class: "bar" },
    drawn("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" }, part("all", items), part("out", out), part("noted", Math.min(noted, out))),
    make("p", { text: out + " of " + items + " came up · " + noted + " noted by the inducer" }));
}

function list(items, { since, planned, notes }) {
  return make("ul", { class: "items" }, ...items.map((item) => {
    const turn = since.get(item);
    const meant = turn === undefined ? planned.get(item) : undefined;
    const kind = turn === view.turn ? "out now" : turn !== undefined ? "out" : meant !== undefined ? "planned" : "hidden";
    const tag = turn !== undefined ? "turn " + turn : meant !== undefined ? "planned, turn " + meant : "";
    return make("li", { class: kind },
      make("span", { class: "turn-tag", text: tag }),
      make("span", { class: "unseen", text: turn === undefined ? "not heard: " : "came up: " }),
      foreign(item, null, 400), ...notes.filter((note) => note.item === item).map((note) => noteOf(note, item)));
  }));
}

function noteOf(note, item) {
  const fresh = note.turn === view.turn ? " now" : "";
  const text = note.text === item ? "noted word for word" : note.text;
  return make("div", { class: "note" + fresh }, make("span", { class: "turn-tag", text: "turn " + note.turn }), make("span", { class: "unseen", text: "the inducer: " }), foreign(text, null, 400));
}

/** Notes that no fact or trait of the persona resembles: the inducer may be wrong there. */
function strays(told, notes) {
  const found = notes.filter((note) => !note.item);
  if (!told.some((one) => one.asked)) return [make("p", { class: "quiet", text: "No inducer took part." })];
  if (!found.length) return [];
  return [make("h3", { text: "Noted, but like nothing above" }),
    make("div", {}, ...found.map((note) => noteOf(note, null)))];
}
