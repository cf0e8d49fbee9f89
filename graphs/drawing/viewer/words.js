// words: which words two replies share, and which fact of a persona a text is about.

const TOKEN = /[\p{L}\p{N}][\p{L}\p{N}'’]*|\s+|[^\p{L}\p{N}\s]/gu;
const CELLS = 6e6; // a table of this size takes some 50 ms; longer texts are compared by their ends alone

const tokens = (text) => text.match(TOKEN) || [];

/** For each token of a and of b, whether the other has it too: a longest common subsequence. */
function shared(a, b) {
  const inA = new Array(a.length).fill(false);
  const inB = new Array(b.length).fill(false);
  let start = 0;
  let endA = a.length;
  let endB = b.length;
  while (start < endA && start < endB && a[start] === b[start]) inA[start] = inB[start++] = true;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) inA[--endA] = inB[--endB] = true;
  const whole = (endA - start) * (endB - start) <= CELLS;
  if (whole) align(a, b, start, endA, endB, inA, inB);
  return { inA, inB, whole };
}

function align(a, b, start, endA, endB, inA, inB) {
  const width = endB - start + 1;
  const best = new Uint16Array((endA - start + 1) * width);
  for (let i = endA - start - 1; i >= 0; i--) {
    for (let j = width - 2; j >= 0; j--) {
      const at = i * width + j;
      best[at] = a[start + i] === b[start + j] ? best[at + width + 1] + 1 : Math.max(best[at + width], best[at + 1]);
    }
  }
  for (let i = 0, j = 0; i < endA - start && j < width - 1;) {
    const at = i * width + j;
    if (a[start + i] === b[start + j]) inA[start + i++] = inB[start + j++] = true;
    else if (best[at + width] >= best[at + 1]) i++;
    else j++;
  }
}

/** The tokens as pieces of a text, those that are not common in <mark>, with the space between two such. */
function marked(list, common) {
  const space = (at) => !list[at]?.trim();
  const apart = list.map((_, at) => (space(at) ? at > 0 && !common[at - 1] && common[at + 1] === false : !common[at]));
  const pieces = [];
  for (let at = 0; at < list.length;) {
    let end = at + 1;
    while (end < list.length && apart[end] === apart[at]) end++;
    const text = list.slice(at, end).join("");
    pieces.push(...(apart[at] ? [make("mark", { text })] : settled(text)));
    at = end;
  }
  return pieces;
}

/** Each reply's pieces with the words marked that its rival lacks; with more than two, the rival is the base. */
function differences(replies, base) {
  const lists = new Map(replies.map((reply) => [reply.id, tokens(reply.text)]));
  const pieces = new Map();
  let whole = true;
  for (const reply of replies) {
    if (reply === base) continue;
    const found = shared(lists.get(base.id), lists.get(reply.id));
    whole &&= found.whole;
    pieces.set(reply.id, marked(lists.get(reply.id), found.inB));
    if (replies.length === 2) pieces.set(base.id, marked(lists.get(base.id), found.inA));
  }
  return { pieces, whole };
}

// -- persona facts ---------------------------------------------------------------------------------

const EMPTY = new Set(("a an and are as at be been but by for from had has have i in is it its like likes me my not of on or our "
  + "so than that the their them they this to too user users was we were what when which who with would you your").split(" "));

/** The words that carry meaning, cut to their first letters so that keep, keeps and keeping are one. */
function content(text) {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) || [];
  return new Set(words.filter((word) => !EMPTY.has(word)).map((word) => word.slice(0, 5)));
}

/** How much of the smaller text's meaning the other one has, from 0 to 1. */
function overlap(a, b) {
  let both = 0;
  for (const word of a) both += b.has(word) ? 1 : 0;
  return both < 2 && Math.min(a.size, b.size) > 1 ? 0 : both / Math.max(1, Math.min(a.size, b.size));
}

/**
 * For each user message: which items come up in it, which one was planned but cannot be recognised, and which item each of
 * the inducer's notes is about. An item comes up word for word, or with most of its words; with fewer if it was planned.
 */
function disclosure(persona, users) {
  const items = [...persona.facts, ...persona.traits].map((text) => ({ text, words: content(text) }));
  return users.map((user) => {
    const words = content(user.text);
    const share = (item) => [...item.words].filter((word) => words.has(word)).length / Math.max(item.words.size, 3);
    const cameUp = (item) => user.text.includes(item.text) || share(item) >= (user.disclose === item.text ? 0.4 : 0.7);
    const out = new Set(items.filter(cameUp).map((item) => item.text));
    const planned = user.disclose && !out.has(user.disclose) ? user.disclose : null;
    const notes = (user.induced || []).map((text) => ({ text, turn: user.turn, item: nearest(text, items) }));
    return { turn: user.turn, out, planned, notes, asked: Boolean(user.induced) };
  });
}

function nearest(note, items) {
  const exact = items.find((item) => item.text === note);
  if (exact) return exact.text;
  const words = content(note);
  let best = null;
  let most = 0.55;
  for (const item of items) {
    const much = overlap(words, item.words);
    if (much > most) [best, most] = [item.text, much];
  }
  return best;
}
