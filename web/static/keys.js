// Keys that work on every page of a manager: "i" writes a small ask down, "?" tells which keys there are.

document.body.append(document.getElementById("quick").content.cloneNode(true));
const asks = document.getElementById("interrupt");
const help = document.getElementById("page-keys");
const say = (words) => window.outsize.say(words);

const isTyping = (target) =>
  Boolean(target.closest?.("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]"));

function openAsks() {
  asks.querySelector("form").reset();
  wrong("");
  asks.showModal();
  asks.querySelector("[name=usual]:checked").focus();
}

function wrong(words) {
  const place = document.getElementById("interrupt-wrong");
  place.textContent = words;
  place.hidden = !words;
}

async function send(address, body) {
  return fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
}

async function keep(event) {
  event.preventDefault();
  try {
    const answer = await send("/interrupts", new URLSearchParams(new FormData(event.target)));
    const told = await answer.json();
    if (answer.status === 422) return wrong(Object.values(told.errors).join(" "));
    if (!answer.ok) throw new Error(answer.statusText);
    asks.close();
    toast(told.said, told.removal);
    document.dispatchEvent(new CustomEvent("outsize:interrupted"));
  } catch {
    wrong("That was not saved. Please try again.");
  }
}

// A word at the edge that goes by itself; it can be taken back while it stands.
function toast(words, removal) {
  document.querySelector(".toast")?.remove();
  const place = document.createElement("div");
  place.className = "toast";
  place.append(words, " ");
  if (removal) {
    const undo = document.createElement("button");
    undo.className = "link";
    undo.type = "button";
    undo.textContent = "Undo";
    undo.addEventListener("click", async () => {
      const answer = await send(removal, new URLSearchParams());
      toast(answer.ok ? "Taken back." : "That could not be taken back. See the list of small asks.");
    });
    place.append(undo);
  }
  document.body.append(place);
  say(words);
  let going = setTimeout(() => place.remove(), 8000);
  place.addEventListener("pointerenter", () => clearTimeout(going));
  place.addEventListener("focusin", () => clearTimeout(going));
  place.addEventListener("pointerleave", () => { going = setTimeout(() => place.remove(), 4000); });
}

// Words of a key are the text of what it presses, without the key itself.
function wordsOf(one) {
  const copy = one.cloneNode(true);
  copy.querySelectorAll("kbd, .muted, svg").forEach((part) => part.remove());
  return one.dataset.keyWords || one.getAttribute("aria-label") || copy.textContent.trim().replace(/\s+/g, " ");
}

function openHelp() {
  const here = [...document.querySelectorAll("main [data-key]")].map((one) => [one.dataset.key, wordsOf(one)]);
  const list = help.querySelector("dl");
  const more = help.querySelector("p");
  more.textContent = document.querySelector("[data-key-help]")?.textContent ?? "";
  more.hidden = !more.textContent;
  list.replaceChildren();
  for (const [key, words] of [...here, ["i", "Write a small ask down"], ["?", "This list"]]) {
    const term = document.createElement("dt");
    const cap = document.createElement("kbd");
    cap.textContent = key;
    term.append(cap);
    const told = document.createElement("dd");
    told.textContent = words;
    list.append(term, told);
  }
  help.showModal();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (asks.open) return chooseMinutes(event);
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const taken = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (event.key === "i" && !taken) {
    event.preventDefault();
    openAsks();
  } else if (event.key === "?" && !taken && !document.querySelector("[data-own-help]")) {
    event.preventDefault();
    openHelp();
  }
}

function chooseMinutes(event) {
  if (isTyping(event.target)) return;
  const one = asks.querySelectorAll("[name=usual]")["1234".indexOf(event.key)];
  if (!one) return;
  event.preventDefault();
  one.checked = true;
  asks.querySelector("[name=what]").focus();
}

asks.querySelector("form").addEventListener("submit", keep);
document.querySelectorAll(".quick-dialog [data-close]").forEach((one) => {
  one.addEventListener("click", () => one.closest("dialog").close());
});
document.addEventListener("keydown", onKey);
