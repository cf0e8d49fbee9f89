// map: the whole tree as a small picture above the conversation: turns from left to right, a click goes there.

const STEP = 26;
const ROW = 17;

/**
 * Rows for all messages, so that no two of one depth share one. Subtrees are set as close to each other as their outlines
 * allow, from the leaves up; a message stands level with the child that went on.
 */
function rowsOf(tree) {
  const depth = (id) => id.split(".").length;
  const ids = [...tree.nodes.keys()].sort((a, b) => depth(a) - depth(b));
  const shapes = new Map();
  for (const id of [...ids].reverse()) shapes.set(id, shapeOf(tree.children(id), shapes));
  const rows = new Map([["0", 0]]);
  for (const id of ids) tree.children(id).forEach((child, at) => rows.set(child.id, rows.get(id) + shapes.get(id).offsets[at]));
  const least = Math.min(...rows.values());
  for (const [id, row] of rows) rows.set(id, row - least);
  return rows;
}

/** The outline of a subtree, depth by depth from its root at row 0, and where its children stand. */
function shapeOf(children, shapes) {
  const top = [];
  const bottom = [];
  const offsets = children.map((child) => {
    const shape = shapes.get(child.id);
    const row = Math.max(-Infinity, ...shape.top.map((edge, at) => (bottom[at] ?? -Infinity) - edge + 1));
    const offset = row === -Infinity ? 0 : row;
    shape.top.forEach((edge, at) => { top[at] ??= edge + offset; });
    shape.bottom.forEach((edge, at) => { bottom[at] = edge + offset; });
    return offset;
  });
  const onward = offsets.filter((_, at) => children[at].continued);
  const level = onward.length ? onward : offsets;
  const anchor = level.length ? (level[0] + level[level.length - 1]) / 2 : 0;
  return {
    top: [0, ...top.map((edge) => edge - anchor)],
    bottom: [0, ...bottom.map((edge) => edge - anchor)],
    offsets: offsets.map((offset) => offset - anchor),
  };
}

/** The map does not depend on the branch that is shown: it is drawn once for each judge. */
function mapOf(tree) {
  if (tree.map?.judge !== view.judge) tree.map = { judge: view.judge, box: drawMap(tree) };
  return tree.map.box;
}

function drawMap(tree) {
  const rows = rowsOf(tree);
  const depth = (id) => id.split(".").length - 1;
  const x = (id) => 14 + depth(id) * STEP;
  const y = (id) => 28 + rows.get(id) * ROW;
  const width = Math.max(...[...rows.keys()].map(x)) + 16;
  const height = Math.max(...[...rows.keys()].map(y)) + 14;
  const turns = [...new Set([...tree.nodes.values()].map((node) => node.turn))];
  const picture = drawn("svg", { width, height, viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": "Map of the tree, " + count(tree.nodes.size, "message") });
  for (const turn of turns) picture.append(drawn("text", { x: 14 + (turn - 1) * 2 * STEP - 4, y: 12, class: "turn-name" }, String(turn)));
  for (const { source, target } of tree.record.edges) picture.append(edge(tree, x(source), y(source), x(target), y(target), target));
  for (const node of tree.nodes.values()) picture.append(dot(tree, node, x(node.id), y(node.id)));
  const strip = make("div", { class: "strip", tabindex: "0", role: "group", "aria-label": "Map" }, picture);
  return make("details", { class: "map", open: "" }, make("summary", { text: "Map" }), strip);
}

function edge(tree, x1, y1, x2, y2, id) {
  const node = tree.nodes.get(id);
  const onward = node.role === "user" || node.continued;
  const middle = (x1 + x2) / 2;
  return drawn("path", { d: "M" + x1 + " " + y1 + "C" + middle + " " + y1 + " " + middle + " " + y2 + " " + x2 + " " + y2, class: onward ? "edge continued" : "edge" });
}

function dot(tree, node, x, y) {
  const label = node.role === "assistant" ? tree.label(node.id) : null;
  const sign = label ? MARKS[label].sign : "";
  const shape = node.role === "user"
    ? drawn("rect", { x: x - 4, y: y - 4, width: 8, height: 8, rx: 2 })
    : drawn("circle", { cx: x, cy: y, r: 7 });
  const name = drawn("title", {}, "turn " + node.turn + ", " + (node.role === "user" ? "the user" : (label ? MARKS[label].word + ", " : "") + (node.agent || "reply")));
  return drawn("g", { class: "dot " + node.role + " " + (label || ""), "data-dot": node.id, onclick: () => follow(node.id) },
    name, shape, drawn("text", { x, y: y + 3.5 }, sign));
}

/** Shows in the map where we are. */
function pointMap(id) {
  for (const one of document.querySelectorAll("[data-dot].here")) one.classList.remove("here");
  const one = document.querySelector('[data-dot="' + id + '"]');
  if (!one) return;
  one.classList.add("here");
  const strip = one.closest(".strip");
  const box = one.getBoundingClientRect();
  const frame = strip.getBoundingClientRect();
  if (box.left < frame.left || box.right > frame.right) strip.scrollLeft += box.left - frame.left - frame.width / 2;
  if (box.top < frame.top || box.bottom > frame.bottom) strip.scrollTop += box.top - frame.top - frame.height / 2;
}
