// The board under a hand: drag by mouse or touch, or by keys with spoken announcements; add and choose many.

const board = document.getElementById("board");
const mayMove = board?.dataset.mayMove === "1";
const say = (words) => window.outsize.say(words);
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const lists = () => [...document.querySelectorAll("#board .cards")];
const tickets = (list) => [...list.querySelectorAll(".ticket")];
const laneOf = (list) => list.closest(".lane")?.dataset.name;
const nameOf = (list) => (laneOf(list) ? `${list.dataset.name}, ${laneOf(list)}` : list.dataset.name);
const isFixed = () => document.getElementById("board-lanes")?.dataset.by === "goal"; // a card can't change its project's goal

// While a hand is on the board, and until the move is kept, nothing is drawn again under it.

let hands = 0;
const late = new Set();

function lay(hand) {
  hands += hand;
  if (hands > 0) board.dataset.dragging = "1";
  else {
    delete board.dataset.dragging;
    for (const id of late) refresh(id);
    late.clear();
  }
}

function refresh(id) {
  const part = document.getElementById(id);
  if (part) htmx.trigger(part, "refresh");
}

function waitForTheHand(event) {
  document.querySelectorAll('#board [style=""]').forEach((one) => one.removeAttribute("style"));
  const source = event.detail.ctx?.sourceElement;
  if (hands > 0 && source?.getAttribute("hx-trigger")?.startsWith("refresh")) {
    event.preventDefault();
    late.add(source.id);
  }
}

// Draw as many cards again as are there now.
function askForAsMany(event) {
  const source = event.detail.ctx.sourceElement;
  if (source.matches(".column")) event.detail.ctx.request.body.set("shown", tickets(source).length);
  if (source.matches(".lanes")) event.detail.ctx.request.body.set("shown", source.querySelectorAll(".lane").length);
}

// Keeping a move

const placeOf = (ticket) => ({ list: ticket.parentElement, next: ticket.nextElementSibling });
const putInto = (ticket, { list, next }) => list.insertBefore(ticket, next?.parentElement === list ? next : null);

function bodyOf(ticket) {
  const list = ticket.parentElement;
  const body = new URLSearchParams({ column: list.dataset.column });
  const next = ticket.nextElementSibling;
  const above = ticket.previousElementSibling;
  if (next?.matches(".ticket")) body.set("before", next.dataset.card);
  if (above?.matches(".ticket")) body.set("after", above.dataset.card);
  if (list.dataset.lane && !isFixed()) {
    body.set("lanes", document.getElementById("board-lanes").dataset.by);
    body.set("lane", list.dataset.lane);
  }
  return body;
}

async function send(address, body) {
  const headers = { "HX-Request": "true", "Idempotency-Key": crypto.randomUUID?.() ?? `${Math.random()}${Date.now()}` };
  const ask = () => fetch(address, { method: "POST", body, headers });
  try {
    return await ask();
  } catch {
    await new Promise((done) => setTimeout(done, 400));
    return ask(); // the same key: kept once, also when only the answer was lost
  }
}

async function put(ticket, home) {
  lay(1);
  try {
    const answer = await send(`/cards/${ticket.dataset.card}/placement`, bodyOf(ticket));
    if (answer.status === 204) return;
    if (!answer.headers.get("content-type")?.includes("json")) throw new Error(answer.statusText);
    const { said } = await answer.json();
    if (answer.ok) note(said, () => { putInto(ticket, home); put(ticket, home); });
    else {
      putInto(ticket, home);
      if (document.activeElement === document.body) ticket.focus();
      note(`${said} ${ticket.dataset.title} is back where it was.`);
    }
  } catch {
    putInto(ticket, home);
    note("That move was not saved. The board shows what is kept.");
    document.querySelectorAll(".column, .lanes").forEach((one) => late.add(one.id));
  } finally {
    lay(-1);
  }
}

const shown = document.getElementById("board-note");
let undo = null;

function note(words, back = null) {
  shown.querySelector("p").textContent = words;
  shown.querySelector('[data-note="back"]').hidden = !back;
  shown.hidden = false;
  undo = back;
}

function onNote(event) {
  const act = event.target.closest("[data-note]")?.dataset.note;
  if (!act) return;
  shown.hidden = true;
  if (act === "back") undo?.();
}

// By mouse and touch

const sortable = new WeakSet();

function makeSortable(list) {
  if (sortable.has(list)) return;
  sortable.add(list);
  let home = null;
  Sortable.create(list, {
    group: isFixed() ? `lane-${list.dataset.lane}` : "cards",
    draggable: ".ticket",
    animation: still() ? 0 : 120,
    delay: 150,
    delayOnTouchOnly: true,
    touchStartThreshold: 5,
    ghostClass: "ghost",
    filter: "input, button",
    preventOnFilter: false,
    scrollSensitivity: 60,
    onStart: (event) => {
      home = placeOf(event.item);
      lay(1);
    },
    onEnd: (event) => {
      if (event.from !== event.to || event.oldIndex !== event.newIndex) {
        say(`${event.item.dataset.title} is now in ${nameOf(event.to)}.`);
        put(event.item, home);
      }
      lay(-1);
    },
  });
}

// By keys: space takes a card up, arrows, home and end move it, space puts it down, escape puts it back.

let held = null;
let home = null;

function takeUp(ticket) {
  held = ticket;
  home = placeOf(ticket);
  ticket.classList.add("held");
  lay(1);
  say(`${ticket.dataset.title} taken up. Arrow keys move it, home and end put it first and last, space puts it down, escape puts it back.`);
}

function letGo(words) {
  held.classList.remove("held");
  held.focus();
  held = null;
  lay(-1);
  say(words);
}

// The list to the left or right in the same lane; above or below in the same column.
function beside(list, key) {
  const lane = list.closest(".lane");
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const row = lane ? [...lane.querySelectorAll(".cards")] : lists();
    return row[row.indexOf(list) + (key === "ArrowLeft" ? -1 : 1)];
  }
  let other = key === "ArrowUp" ? lane?.previousElementSibling : lane?.nextElementSibling;
  if (!other?.matches(".lane")) return undefined;
  return other.querySelector(`.cards[data-column="${list.dataset.column}"]`);
}

function step(key) {
  const list = held.parentElement;
  const { previousElementSibling: above, nextElementSibling: below } = held;
  if (key === "Home") list.prepend(held);
  else if (key === "End") tickets(list).at(-1).after(held);
  else if (key === "ArrowUp" && above) above.before(held);
  else if (key === "ArrowDown" && below?.matches(".ticket")) below.after(held);
  else {
    const sideways = key === "ArrowLeft" || key === "ArrowRight";
    const to = sideways || !isFixed() ? beside(list, key) : undefined;
    if (to && key === "ArrowUp") to.append(held);
    else to?.prepend(held);
  }
  held.focus();
  held.scrollIntoView({ block: "nearest", inline: "nearest" });
  say(`${nameOf(held.parentElement)}, place ${tickets(held.parentElement).indexOf(held) + 1}.`);
}

function walk(ticket, key) {
  const list = ticket.parentElement;
  const all = tickets(list);
  const at = all.indexOf(ticket);
  const near = { ArrowUp: all[at - 1], ArrowDown: all[at + 1], Home: all[0], End: all.at(-1) }[key];
  if (near) return near.focus();
  if (key === "Home" || key === "End") return;
  for (let to = beside(list, key); to; to = beside(to, key)) {
    const others = tickets(to);
    if (!others.length) continue;
    const vertical = key === "ArrowUp" || key === "ArrowDown";
    (vertical ? others.at(key === "ArrowUp" ? -1 : 0) : others[Math.min(at, others.length - 1)]).focus();
    return;
  }
}

const MOVES = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"]);

function onCardKey(event, ticket) {
  if (event.key === " ") {
    event.preventDefault();
    if (!held) return takeUp(ticket);
    const [card, from] = [held, home];
    letGo(`${card.dataset.title} put into ${nameOf(card.parentElement)}.`);
    if (from.list !== card.parentElement || from.next !== card.nextElementSibling) put(card, from);
  } else if (event.key === "Escape" && held) {
    putInto(held, home);
    letGo("Put back where it was.");
  } else if (MOVES.has(event.key)) {
    event.preventDefault();
    held ? step(event.key) : walk(ticket, event.key);
  } else if (event.key === "Enter") {
    ticket.querySelector("a").click();
  } else if (event.key === "x") {
    toggle(ticket);
  }
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const ticket = event.target.closest?.(".ticket");
  if (ticket && event.target === ticket) onCardKey(event, ticket);
  if (event.key === "Escape" && !held && chosen.size) letAllGo();
  if (event.key !== "n" || event.target.closest("input, textarea, select")) return;
  const into = ticket?.closest(".column")?.querySelector(".quick-add [name=title]") ?? document.querySelector(".quick-add [name=title]");
  if (!into) return;
  event.preventDefault();
  into.focus();
}

// Adding: Enter adds, and the field waits for the next.

async function add(event) {
  const form = event.target;
  if (!form.matches(".quick-add")) return;
  event.preventDefault();
  const field = form.elements.title;
  const title = field.value.trim();
  if (!title) return;
  const body = new URLSearchParams(new FormData(form));
  field.value = "";
  try {
    const answer = await send(form.action, body);
    const said = answer.ok ? decodeURIComponent(answer.headers.get("x-said") ?? "") : (await answer.json()).said;
    if (!answer.ok) throw new Error(said);
    show(await answer.text(), form);
    say(`${title} added to ${form.closest("[data-name]")?.dataset.name ?? "the board"}.`);
    if (said) note(said);
  } catch (problem) {
    field.value ||= title;
    note(problem.name === "Error" && problem.message ? problem.message : "That card was not saved. Your words are still there.");
  }
}

// At the bottom, where that is on the page; else the column's count says that it is there.
function show(markup, form) {
  const list = document.getElementById(form.dataset.into);
  const id = /id="(card-\d+)"/.exec(markup)?.[1];
  if (!list || list.querySelector(".more-cards") || document.getElementById(id)) return;
  htmx.swap({ text: markup, target: list, swap: "beforeend" });
  document.getElementById(id)?.scrollIntoView({ block: "nearest" });
}

// Choosing many: x, or a click with shift or control, or any tap while "Choose cards" is pressed.

const chosen = new Set();
const bar = document.getElementById("many");
const choose = document.getElementById("choose");
let last = null;

function mark() {
  for (const one of document.querySelectorAll(".ticket")) {
    const isChosen = chosen.has(one.dataset.card);
    one.classList.toggle("chosen", isChosen);
    const words = one.querySelector(".is-chosen");
    if (isChosen && !words) one.insertAdjacentHTML("beforeend", '<span class="is-chosen">Chosen</span>');
    if (!isChosen) words?.remove();
  }
  bar.hidden = chosen.size === 0;
  document.body.classList.toggle("choosing", chosen.size > 0);
  document.getElementById("many-count").textContent = chosen.size === 1 ? "1 card chosen" : `${chosen.size} cards chosen`;
}

function toggle(ticket, on = !chosen.has(ticket.dataset.card)) {
  if (on) chosen.add(ticket.dataset.card);
  else chosen.delete(ticket.dataset.card);
  last = ticket;
  mark();
  say(`${ticket.dataset.title} ${on ? "chosen" : "let go"}. ${chosen.size} in all.`);
}

function toggleUpTo(ticket) {
  const all = tickets(ticket.parentElement);
  const ends = [all.indexOf(ticket), last && last.parentElement === ticket.parentElement ? all.indexOf(last) : all.indexOf(ticket)];
  for (const one of all.slice(Math.min(...ends), Math.max(...ends) + 1)) chosen.add(one.dataset.card);
  toggle(ticket, true);
}

function letAllGo() {
  chosen.clear();
  mark();
  say("No card chosen.");
}

function onClick(event) {
  const ticket = event.target.closest(".ticket");
  if (!ticket) return;
  const isMode = choose.getAttribute("aria-pressed") === "true";
  if (!isMode && !event.shiftKey && !event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  if (event.shiftKey) toggleUpTo(ticket);
  else toggle(ticket);
}

async function doIt(event) {
  event.preventDefault();
  const body = new URLSearchParams(new FormData(bar));
  for (const number of chosen) body.append("card", number);
  const what = bar.elements.act.selectedOptions[0];
  try {
    const answer = await send(bar.action, body);
    const said = answer.status === 204 ? "" : (await answer.json()).said;
    if (said) note(said);
    if (!answer.ok) return;
    const count = chosen.size;
    letAllGo();
    bar.reset();
    say(`${count === 1 ? "1 card" : `${count} cards`}: ${what.parentElement.label} ${what.text}.`);
  } catch {
    note("That was not saved. The cards are still chosen.");
  }
}

// A card that was focused keeps the focus, also when one part lets go of it before another shows it.
let focused = null;

function prepare() {
  lists().forEach(makeSortable);
  mark();
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
}

if (board) {
  document.addEventListener("htmx:config:request", askForAsMany);
}

if (board && mayMove) {
  choose.hidden = false;
  choose.addEventListener("click", () => {
    const on = choose.getAttribute("aria-pressed") !== "true";
    choose.setAttribute("aria-pressed", String(on));
    choose.textContent = on ? "Stop choosing" : "Choose cards";
    say(on ? "Click or tap cards to choose them." : "Cards open again when clicked.");
  });
  document.addEventListener("DOMContentLoaded", prepare);
  if (document.readyState !== "loading") prepare();
  document.addEventListener("htmx:before:swap", waitForTheHand);
  document.addEventListener("htmx:after:swap", prepare);
  document.addEventListener("focusin", (event) => { focused = event.target.closest(".ticket")?.id ?? null; });
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest(".ticket")) focused = null; });
  document.addEventListener("keydown", onKey);
  document.addEventListener("submit", add);
  board.addEventListener("click", onClick);
  shown.addEventListener("click", onNote);
  bar.addEventListener("submit", doIt);
  document.getElementById("many-none").addEventListener("click", letAllGo);
}
