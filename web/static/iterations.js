// The line between what is taken in and what is not, under a hand: drag it, or move it by arrow keys. Without this there
// are boxes to tick and a field for "the first so many".

const form = document.getElementById("plan-form");
const line = () => document.getElementById("pick-line");
const picks = () => [...document.querySelectorAll(".pick")];
const box = (pick) => pick.querySelector("input[type=checkbox]");
const PAGE = 5;
let busy = false;
let again = false;

// Reads how the ticked cards fit; one question at a time, and of those asked meanwhile only the last.
async function refresh(spoken) {
  if (busy) { again = true; return; }
  busy = true;
  const place = document.getElementById("line-up");
  const query = new URLSearchParams(new FormData(form).getAll("card").map((card) => ["card", card]));
  try {
    await htmx.ajax("GET", `${place.dataset.address}?${query}`, { target: "#line-up", swap: "outerMorph" });
    if (spoken && !again) window.outsize.say(document.getElementById("fit-words")?.textContent ?? "");
  } finally {
    busy = false;
  }
  if (again) { again = false; await refresh(spoken); }
}

// Everything above the line is in, everything below is not. What is done stays.
function put(count) {
  const all = picks();
  const at = Math.max(0, Math.min(all.length, count));
  all.forEach((pick, place) => {
    if (!box(pick).disabled) box(pick).checked = place < at;
    pick.classList.toggle("is-in", box(pick).checked);
  });
  if (at) all[at - 1].after(line());
  else document.getElementById("picks").prepend(line());
  line().setAttribute("aria-valuenow", String(at));
  line().setAttribute("aria-valuetext", `${at} of ${all.length} cards`);
  return at;
}

const now = () => Number(line().getAttribute("aria-valuenow"));

function byKey(event) {
  const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -PAGE, PageDown: PAGE, Home: -Infinity, End: Infinity };
  if (!event.target.closest?.("#pick-line") || !(event.key in steps)) return;
  event.preventDefault();
  put(now() + steps[event.key]);
  line().focus();
  refresh(true);
}

function byHand(event) {
  if (!event.target.closest?.("#pick-line") || event.button) return;
  event.preventDefault();
  const pointer = event.pointerId;
  const list = document.getElementById("picks");
  list.classList.add("is-dragging");
  const move = (moved) => {
    if (moved.pointerId !== pointer) return;
    const above = picks().filter((pick) => {
      const { top, height } = pick.getBoundingClientRect();
      return top + height / 2 < moved.clientY;
    });
    if (above.length !== now()) put(above.length);
  };
  const drop = () => {
    list.classList.remove("is-dragging");
    window.removeEventListener("pointermove", move);
    line().focus();
    refresh(true);
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", drop, { once: true });
  window.addEventListener("pointercancel", drop, { once: true });
}

if (form) {
  line()?.removeAttribute("hidden");
  document.addEventListener("keydown", byKey);
  document.addEventListener("pointerdown", byHand);
  form.addEventListener("change", (event) => {
    if (event.target.name === "card") refresh(true);
  });
}
