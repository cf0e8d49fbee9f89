// trees: what the page holds: an index that is read at once, and a line of JSON a conversation, read when it is opened.

const lines = byId("data").textContent.split("\n");
const index = JSON.parse(lines[0] + "]}");
const view = { entry: null, tree: null, node: null, turn: 1, judge: index.judges[0] || null };

/** Addresses cannot hold half a surrogate pair. */
const whole = (id) => String(id).replace(/\p{Surrogate}/gu, "\ufffd");

const entries = [
  ...index.index.map((entry, position) => ({ ...entry, position, failed: false })),
  ...index.failures.map((entry) => ({ ...entry, judged: [], turns: 0, messages: 0, failed: true })),
];
const byKey = new Map();
for (const entry of entries) {
  const id = whole(entry.id);
  let key = id;
  for (let again = 2; byKey.has(key); again++) key = id + "~" + again;
  entry.key = key;
  byKey.set(key, entry);
}

/** How the judge at hand decided in a conversation: { pairs, ties, unscored, margin }, or null. */
const judgedBy = (entry) => entry.judged.find((one) => one.judge === view.judge) || null;

const parentOf = (id) => (id.includes(".") ? id.slice(0, id.lastIndexOf(".")) : null);

/** One conversation, ready to walk about in. */
class Tree {
  constructor(record) {
    this.record = record;
    this.id = record.graph.id;
    this.persona = record.graph.persona;
    this.flip = record.graph.flip || null;
    this.stop = record.graph.stop || null;
    this.nodes = new Map(record.nodes.map((node) => [node.id, node]));
    this.below = new Map();
    for (const node of record.nodes) this.below.set(node.id, []);
    for (const { source, target } of record.edges) this.below.get(source).push(this.nodes.get(target));
    this.verdicts = new Map();
    for (const entry of record.graph.verdicts) {
      const user = parentOf(entry.a);
      this.verdicts.set(user, [...this.comparisons(user), entry]);
    }
    this.turnedTo = new Map();
  }

  children(id) {
    return this.below.get(id);
  }

  siblings(id) {
    const parent = parentOf(id);
    return parent === null ? [this.nodes.get(id)] : this.children(parent);
  }

  /** The child below `id` that is shown: the one the reader turned to, else the one the run went on from. */
  next(id) {
    const below = this.children(id);
    const wanted = this.turnedTo.get(id);
    return below.find((node) => node.id === wanted)
      || below.find((node) => node.continued && this.children(node.id).length)
      || below.find((node) => this.children(node.id).length)
      || (below.length && below[0].role === "user" ? below[0] : null);
  }

  /** Who the user is at a turn: another persona from the flip on, where there is one. */
  personaAt(turn) {
    return this.flip && turn >= this.flip.turn ? this.flip.persona : this.persona;
  }

  /** The user messages of the branch that is shown, from the first. */
  path() {
    const users = [];
    let user = this.nodes.get("0");
    while (user) {
      users.push(user);
      const reply = this.next(user.id);
      user = reply ? this.next(reply.id) : null;
    }
    return users;
  }

  /** Turns the branch that is shown so that it passes `id`; true where it did not before. */
  show(id) {
    let turned = false;
    for (let below = id, above = parentOf(id); above !== null; below = above, above = parentOf(above)) {
      const leaf = below === id && this.nodes.get(id).role === "assistant" && !this.children(id).length;
      if (leaf || (this.next(above) && this.next(above).id === below)) continue;
      this.turnedTo.set(above, below);
      turned = true;
    }
    return turned;
  }

  comparisons(user) {
    return this.verdicts.get(user) || [];
  }

  /** The outcome for a reply among its siblings, by the judge at hand: chosen, rejected, tie, unscored or null. */
  label(id) {
    const seen = new Set();
    for (const entry of this.comparisons(parentOf(id))) {
      const verdict = entry.a === id || entry.b === id ? entry.by.find((one) => one.judge === view.judge) : null;
      if (!verdict) continue;
      const decided = verdict.outcome === "a" || verdict.outcome === "b";
      seen.add(decided ? (entry[verdict.outcome] === id ? "won" : "lost") : verdict.outcome);
    }
    if (seen.has("won") !== seen.has("lost")) return seen.has("won") ? "chosen" : "rejected";
    if (seen.has("won") || seen.has("tie")) return "tie";
    return seen.has("unscored") ? "unscored" : null;
  }
}

const opened = new Map();

const recordAt = (position) => JSON.parse(lines[position + 1].replace(/,$/, ""));

function treeAt(position) {
  if (!opened.has(position)) opened.set(position, new Tree(recordAt(position)));
  return opened.get(position);
}
