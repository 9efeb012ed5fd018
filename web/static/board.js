// The board under a hand: drag by mouse or touch, or by keys with spoken announcements.

const board = document.querySelector(".board");
const mayMove = board?.dataset.mayMove === "1";
const say = (words) => window.outsize.say(words);

const nameOf = (list) => list.closest(".column").dataset.name;
const tickets = (list) => [...list.querySelectorAll(".ticket")];

async function put(ticket) {
  const list = ticket.closest(".cards");
  const next = ticket.nextElementSibling;
  const body = new URLSearchParams({ column: list.dataset.column });
  if (next?.matches(".ticket")) body.set("before", next.dataset.card);
  else if (next) body.set("position", String(tickets(list).indexOf(ticket)));
  try {
    const answer = await fetch(`/cards/${ticket.dataset.card}/placement`, {
      method: "POST",
      body,
      headers: { "HX-Request": "true" },
    });
    if (!answer.ok) throw new Error(answer.statusText);
  } catch {
    say("That move was not saved. The board shows what is kept.");
    document.querySelectorAll(".column").forEach((column) => htmx.trigger(column, "refresh"));
  }
}

// By mouse and touch

function makeSortable(list) {
  if (list.dataset.sortable) return;
  list.dataset.sortable = "1";
  Sortable.create(list, {
    group: "cards",
    draggable: ".ticket",
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
    delay: 150,
    delayOnTouchOnly: true,
    ghostClass: "ghost",
    filter: "input, button",
    preventOnFilter: false,
    onStart: () => { board.dataset.dragging = "1"; },
    onEnd: (event) => {
      delete board.dataset.dragging;
      if (event.from === event.to && event.oldIndex === event.newIndex) return;
      say(`${event.item.dataset.title} is now in ${nameOf(event.to)}.`);
      put(event.item);
    },
  });
}

// Sortable leaves style="" behind; htmx would copy it to the new part, and the content policy complain.
function removeEmptyStyles() {
  document.querySelectorAll('.board [style=""]').forEach((one) => one.removeAttribute("style"));
}

// By keys: space takes a card up, arrows move it, space puts it down, escape puts it back.

let held = null;
let home = null;

function takeUp(ticket) {
  held = ticket;
  home = { list: ticket.parentElement, next: ticket.nextElementSibling };
  ticket.classList.add("held");
  board.dataset.dragging = "1";
  say(`${ticket.dataset.title} taken up. Arrow keys move it, space puts it down, escape puts it back.`);
}

function letGo(words) {
  held.classList.remove("held");
  held.focus();
  held = null;
  delete board.dataset.dragging;
  say(words);
}

function step(key) {
  const list = held.parentElement;
  if (key === "ArrowUp" && held.previousElementSibling) held.previousElementSibling.before(held);
  if (key === "ArrowDown" && held.nextElementSibling?.matches(".ticket")) held.nextElementSibling.after(held);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const lists = [...document.querySelectorAll(".cards")];
    const to = lists[lists.indexOf(list) + (key === "ArrowLeft" ? -1 : 1)];
    if (to) to.prepend(held);
  }
  held.focus();
  held.scrollIntoView({ block: "nearest", inline: "nearest" });
  const place = tickets(held.parentElement).indexOf(held) + 1;
  say(`${nameOf(held.parentElement)}, place ${place}.`);
}

function walk(ticket, key) {
  const list = ticket.parentElement;
  const all = tickets(list);
  const at = all.indexOf(ticket);
  if (key === "ArrowUp") all[at - 1]?.focus();
  if (key === "ArrowDown") all[at + 1]?.focus();
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const lists = [...document.querySelectorAll(".cards")];
    const to = lists[lists.indexOf(list) + (key === "ArrowLeft" ? -1 : 1)];
    if (to) (tickets(to)[Math.min(at, tickets(to).length - 1)] ?? to).focus();
  }
}

function onKey(event) {
  const ticket = event.target.closest?.(".ticket");
  if (!ticket || event.target !== ticket) return;
  const isArrow = event.key.startsWith("Arrow");
  if (event.key === " ") {
    event.preventDefault();
    if (!held) return takeUp(ticket);
    const put_down = held;
    letGo(`${put_down.dataset.title} put into ${nameOf(put_down.parentElement)}.`);
    put(put_down);
  } else if (event.key === "Escape" && held) {
    home.list.insertBefore(held, home.next);
    letGo("Put back where it was.");
  } else if (isArrow) {
    event.preventDefault();
    held ? step(event.key) : walk(ticket, event.key);
  } else if (event.key === "Enter") {
    ticket.querySelector("a").click();
  }
}

if (board && mayMove) {
  const prepare = () => document.querySelectorAll(".cards").forEach(makeSortable);
  document.addEventListener("DOMContentLoaded", prepare);
  if (document.readyState !== "loading") prepare();
  document.addEventListener("htmx:before:swap", removeEmptyStyles);
  document.addEventListener("htmx:after:swap", prepare);
  document.addEventListener("keydown", onKey);
}
