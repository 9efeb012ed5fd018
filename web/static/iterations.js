// The line between what is taken in and what is not, under a hand: drag it, or move it by arrow keys. Without this there
// are boxes to tick and a field for "the first so many".

const form = document.getElementById("plan-form");
const line = () => document.getElementById("pick-line");
const picks = () => [...document.querySelectorAll(".pick")];
const box = (pick) => pick.querySelector("input[type=checkbox]");
const PAGE = 5;
let busy = false;
let again = false;

// Asks how the ticked cards fit; one question at a time, and only the answer to the last is shown.
async function refresh() {
  again = true;
  if (busy) return;
  busy = true;
  while (again) {
    again = false;
    const query = new URLSearchParams(new FormData(form).getAll("card").map((card) => ["card", card]));
    try {
      const answer = await fetch(`${document.getElementById("line-up").dataset.address}?${query}`);
      const html = answer.ok ? await answer.text() : "";
      if (html && !again) show(new DOMParser().parseFromString(html, "text/html"));
    } catch {
      window.outsize.say("How the cards fit could not be worked out. Keep the plan to see it.");
    }
  }
  busy = false;
  window.outsize.say(document.getElementById("fit-words").textContent);
}

// Puts the answer's numbers in place; boxes and focus stay as the hand left them.
function show(answer) {
  document.querySelector(".fits-in").replaceWith(answer.querySelector(".fits-in"));
  for (const pick of answer.querySelectorAll(".pick")) {
    document.querySelector(`#${pick.id} .pick-sum`)?.replaceWith(pick.querySelector(".pick-sum"));
  }
  const told = answer.getElementById("pick-line");
  const at = Number(told.getAttribute("aria-valuenow"));
  if (at !== now()) stand(at);
  line().setAttribute("aria-valuetext", told.getAttribute("aria-valuetext"));
  cut(answer.getElementById("pick-cut"));
}

// The mark where the hours end stands below the same card as in the answer.
function cut(told) {
  document.getElementById("pick-cut")?.remove();
  let above = told?.previousElementSibling;
  if (above?.id === "pick-line") above = above.previousElementSibling;
  const card = above && document.getElementById(above.id);
  if (!card) return;
  (card.nextElementSibling === line() ? line() : card).after(told);
}

function stand(at) {
  const above = picks()[at - 1];
  const focused = document.activeElement === line();
  if (above) above.after(line());
  else document.getElementById("picks").prepend(line());
  line().setAttribute("aria-valuenow", String(at));
  if (focused) line().focus();
}

// Everything above the line is in, everything below is not. What is done stays.
function put(count) {
  const all = picks();
  const at = Math.max(0, Math.min(all.length, count));
  all.forEach((pick, place) => {
    if (!box(pick).disabled) box(pick).checked = place < at;
    pick.classList.toggle("is-in", box(pick).checked);
  });
  stand(at);
  line().setAttribute("aria-valuetext", `${at} of ${all.length} cards`);
}

const now = () => Number(line().getAttribute("aria-valuenow"));

function byKey(event) {
  const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -PAGE, PageDown: PAGE, Home: -Infinity, End: Infinity };
  if (!event.target.closest?.("#pick-line") || !(event.key in steps)) return;
  event.preventDefault();
  put(now() + steps[event.key]);
  refresh();
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
  const held = new AbortController();
  const drop = () => {
    held.abort();
    list.classList.remove("is-dragging");
    line().focus();
    refresh();
  };
  window.addEventListener("pointermove", move, { signal: held.signal });
  window.addEventListener("pointerup", drop, { signal: held.signal });
  window.addEventListener("pointercancel", drop, { signal: held.signal });
}

if (form) {
  line()?.removeAttribute("hidden");
  document.addEventListener("keydown", byKey);
  document.addEventListener("pointerdown", byHand);
  form.addEventListener("change", (event) => {
    if (event.target.name === "card") refresh();
  });
}
