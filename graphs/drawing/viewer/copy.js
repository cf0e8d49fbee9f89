// copy: conversations on the clipboard.

/** Characters that Markdown would read get a backslash, so that texts stay texts. */
const plain = (text) => text.replace(/[\\`*_[\]<>&|~#!]/g, "\\$&");

const quoted = (text) => plain(text).split("\n").map((line) => "> " + line).join("\n");

/** The branch that is shown, with all candidates of each turn. */
function asMarkdown(tree) {
  const parts = ["# " + plain(tree.id), "Persona: " + plain(tree.persona.id)];
  for (const user of tree.path()) {
    parts.push("## Turn " + user.turn, "**User**", quoted(user.text));
    for (const reply of tree.children(user.id)) {
      const label = tree.label(reply.id);
      const about = [reply.agent, reply.model, label ? MARKS[label].word : null, reply.continued ? "continued" : null];
      parts.push("**Reply**: " + about.filter(Boolean).map(plain).join(", "), quoted(reply.text));
    }
  }
  return parts.join("\n\n") + "\n";
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyByHand(text)) return announce("The browser does not let this page copy");
  }
  return announce("Copied " + what);
}

/** The way of browsers that keep the clipboard from pages opened as files. */
function copyByHand(text) {
  const field = make("textarea", { readonly: "", class: "unseen" });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

const linkHere = () => location.href.split("#")[0] + "#" + address(view.entry, view.node);
