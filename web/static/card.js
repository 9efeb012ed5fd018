// On a card's page: names to choose from after an @, and Ctrl+Enter to comment.

const BEFORE_CARET = /(?:^|[\s(])@([^\s@][^@\n]{0,40})?$/;
const MOST = 6;
let open = null; // { field, list, from, names, at }

const namesOf = (field) => JSON.parse(field.closest("[data-names]")?.dataset.names ?? "[]");

function suggest(field) {
  close();
  const written = field.value.slice(0, field.selectionStart);
  const found = field.selectionStart === field.selectionEnd && BEFORE_CARET.exec(written);
  if (!found) return;
  const begun = (found[1] ?? "").toLowerCase();
  const names = namesOf(field).filter((name) => {
    const low = name.toLowerCase();
    return low !== begun.trim() && (low.startsWith(begun) || low.split(" ").some((part) => begun && part.startsWith(begun)));
  });
  if (!names.length) return;
  const list = document.createElement("ul");
  list.className = "names";
  list.id = "names";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Who");
  names.slice(0, MOST).forEach((name, place) => {
    const option = document.createElement("li");
    option.id = `name-${place}`;
    option.setAttribute("role", "option");
    option.textContent = name;
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      choose(place);
    });
    list.append(option);
  });
  field.after(list);
  field.setAttribute("aria-controls", "names");
  open = { field, list, from: field.selectionStart - (found[1] ?? "").length, names: names.slice(0, MOST), at: 0 };
  mark(0);
}

function mark(at) {
  open.at = (at + open.names.length) % open.names.length;
  [...open.list.children].forEach((one, place) => one.setAttribute("aria-selected", String(place === open.at)));
  open.field.setAttribute("aria-activedescendant", `name-${open.at}`);
}

function choose(place) {
  const { field, from, names } = open;
  close();
  field.setRangeText(`${names[place]} `, from, field.selectionStart, "end");
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function close() {
  if (!open) return;
  open.list.remove();
  open.field.removeAttribute("aria-activedescendant");
  open.field.removeAttribute("aria-controls");
  open = null;
}

function onKey(event) {
  const field = event.target;
  if (!field.matches?.("[data-names] textarea")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    return field.form.requestSubmit();
  }
  if (!open) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) mark(open.at + step);
  else if (event.key === "Enter" || event.key === "Tab") choose(open.at);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-names] textarea")) suggest(event.target);
});
document.addEventListener("keydown", onKey);
document.addEventListener("focusout", close);
