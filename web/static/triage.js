// Deciding by hand and keys: parts of the page instead of all of it, a calm countdown, words that follow the reason.

// A verdict, or what it points to, redraws the form alone.
async function redraw(link) {
  // What is typed into a form about to be replaced would be lost; what is chosen already needs no other.
  if (link.matches(".verdicts [aria-current]")) return document.getElementById("decision").focus({ preventScroll: true });
  document.getElementById("decide").inert = true;
  const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return location.assign(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = page.getElementById("decide");
  if (!part) return location.assign(link.href);
  document.getElementById("decide").replaceWith(part);
  history.replaceState(null, "", link.href);
  document.getElementById("decision").focus({ preventScroll: true });
  const chosen = part.querySelector(".verdicts [aria-current]");
  window.outsize.say(`${chosen ? chosen.lastChild.textContent : ""} chosen. Enter does it.`);
}

function onClick(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  const link = event.target.closest?.("a[data-part]");
  if (link) {
    event.preventDefault();
    redraw(link).catch(() => location.assign(link.href));
  }
  const opener = event.target.closest?.("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
}

// The words follow the reason for as long as nobody has touched them.
function onChange(event) {
  const chooser = event.target;
  if (!chooser.dataset?.words) return;
  const words = document.getElementById(chooser.dataset.words);
  const drafts = [...chooser.options].map((option) => option.dataset.draft);
  if (words.value.trim() === "" || drafts.includes(words.value)) words.value = chooser.selectedOptions[0].dataset.draft;
}

const ARROWS = { ArrowRight: "j", ArrowLeft: "k" };

function onKey(event) {
  if (event.altKey || document.querySelector("dialog[open]")) return;
  const isTyping = event.target.closest("input, textarea, select");
  if (event.repeat && !isTyping && ["Enter", "z"].includes(event.key)) return event.preventDefault(); // held down, it decides once
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form?.id === "decision") {
    event.preventDefault();
    event.target.form.requestSubmit();
  } else if (event.key === "Escape" && isTyping) {
    event.target.blur();
  } else if (isTyping || event.ctrlKey || event.metaKey) {
    return;
  } else if (ARROWS[event.key]) {
    document.querySelector(`[data-key="${ARROWS[event.key]}"]`)?.click();
  } else if (event.key === "e") {
    const words = document.getElementById("words");
    if (!words) return;
    event.preventDefault();
    words.focus();
    words.setSelectionRange(words.value.length, words.value.length);
  }
}

// One press, one decision, however slow the answer.
function onSubmit(event) {
  const form = event.target;
  if (form.method !== "post" || !form.matches("#decision, .undo form, form.two")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
}

// How long no mail leaves: counted from when the page came, and gone when it is over.
function countDown(notice) {
  const over = performance.now() + 1000 * Number(notice.dataset.seconds);
  const place = notice.querySelector("[data-left]");
  const tick = () => {
    if (!notice.isConnected) return;
    const left = Math.ceil((over - performance.now()) / 1000);
    if (left <= 0) return notice.remove();
    place.textContent = left;
    setTimeout(tick, 250);
  };
  tick();
}

// Shift chooses all between two.
let lastChosen = null;

function onChoose(event) {
  const box = event.target;
  if (!box.matches?.(".chooses input")) return;
  if (event.shiftKey && lastChosen?.isConnected) {
    const all = [...document.querySelectorAll(".chooses input")];
    const [from, to] = [all.indexOf(lastChosen), all.indexOf(box)].sort((a, b) => a - b);
    for (const one of all.slice(from, to + 1)) one.checked = box.checked;
  }
  lastChosen = box;
  // While some are chosen the list stays as it is; outsize.js waits for this mark to go.
  const list = document.getElementById("waiting");
  list?.toggleAttribute("data-dragging", Boolean(list.querySelector(".chooses :checked")));
}

const prepare = () => {
  document.querySelectorAll("[data-opens][hidden]").forEach((one) => { one.hidden = false; });
  document.querySelectorAll(".undo:not([data-counts])").forEach((one) => {
    one.dataset.counts = "1";
    countDown(one);
  });
};

document.addEventListener("click", onClick);
document.addEventListener("click", onChoose);
document.addEventListener("change", onChange);
document.addEventListener("keydown", onKey);
document.addEventListener("submit", onSubmit);
window.addEventListener("pageshow", () => {
  document.querySelectorAll("[data-sent]").forEach((form) => { delete form.dataset.sent; });
});
document.addEventListener("htmx:after:swap", prepare);
prepare();
