// Asking: one question at a time on a small screen, conditions that hold while one types, and a draft that keeps itself.

const form = document.getElementById("asking");
const PAUSE = 1000;
const LONGEST_SAVE = 5000;
const say = (words) => window.outsize.say(words);
const clock = (at) => at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const fields = () => [...form.elements].filter((one) => one.name && !["hidden", "file", "submit", "button"].includes(one.type));

// What is typed, by field name, as the server keeps it.
function typed() {
  const found = {};
  for (const one of fields()) {
    if ((one.type === "radio" || one.type === "checkbox") && !one.checked) continue;
    if (one.value.trim()) found[one.name] = one.value;
  }
  return found;
}

function put(name, text) {
  for (const one of fields().filter((field) => field.name === name)) {
    if (one.type === "radio") one.checked = one.value === text;
    else if (one.type === "checkbox") one.checked = Boolean(text);
    else one.value = text;
  }
}

// Conditions

const conditional = [...document.querySelectorAll("[data-when]")].map((question) => [question, JSON.parse(question.dataset.when)]);

function answersTo(key, found) {
  const many = Object.keys(found).filter((name) => name.startsWith(`${key}__`)).map((name) => name.slice(key.length + 2));
  const parts = Object.keys(found).filter((name) => name.startsWith(`${key}_`));
  return many.length ? many : found[key] ? [found[key]] : parts.map((name) => found[name]);
}

function holds(when, found) {
  const unit = (found.requester_unit || "").trim().toLowerCase();
  if (when.units.length && !when.units.includes(unit)) return false;
  if (when.types.length && !when.types.includes(found.type || "")) return false;
  return when.answers.every(([key, values]) => {
    const said = answersTo(key, found);
    return values.length ? said.some((one) => values.includes(one)) : said.length > 0;
  });
}

function applyConditions() {
  if (!conditional.length) return;
  const found = typed();
  // One that is not asked answers nothing, so that a chain of conditions closes behind it.
  for (const [question, when] of conditional) {
    question.hidden = !holds(when, found);
    if (question.hidden) for (const one of question.querySelectorAll("[name]")) delete found[one.name];
  }
  let ordinal = 0;
  for (const mark of form.querySelectorAll(".question:not([hidden]) > .ordinal")) mark.textContent = ++ordinal;
}

// The draft: kept by the server a moment after each pause, and in this browser until the server has it.

const draft = {
  path: form?.dataset.asking || "",
  kept: "",
  waiting: null,
  saving: false,
  press: null,
  stopped: false,
  tries: 0,
  get place() { return `outsize-draft:${this.path || "new"}`; },
};

const store = {
  read(place) { try { return JSON.parse(localStorage.getItem(place)); } catch { return null; } },
  write(place, what) { try { localStorage.setItem(place, JSON.stringify(what)); } catch { /* full or forbidden */ } },
  forget(place) { try { localStorage.removeItem(place); } catch { /* forbidden */ } },
};

const seen = () => form.elements.seen;
const tell = (words, isBad = false) => {
  const place = document.getElementById("saved");
  place.textContent = words;
  place.classList.toggle("bad", isBad);
};

function remember() {
  store.write(draft.place, { values: typed(), seen: seen().value, at: Date.now() });
}

function changed() {
  applyConditions();
  steps.refresh();
  if (draft.stopped) return;
  remember();
  clearTimeout(draft.waiting);
  draft.waiting = setTimeout(save, PAUSE);
}

function body() {
  const sent = new URLSearchParams(typed());
  sent.set("seen", seen().value);
  sent.set("ask", form.elements.ask.value);
  return sent;
}

async function save() {
  const mine = JSON.stringify(typed());
  if (draft.saving || draft.stopped || mine === draft.kept || mine === "{}") return;
  draft.saving = true;
  try {
    const answer = await fetch(draft.path || "/drafts", {
      method: "POST", body: body(), headers: { Accept: "application/json" },
    });
    if (answer.ok) keep(await answer.json(), mine);
    else refused(answer.status, await answer.json().catch(() => ({})));
  } catch {
    later("No connection. What you type is kept in this browser and saved as soon as it is back.");
  }
  draft.saving = false;
  if (draft.press) return draft.press();
  if (!draft.stopped && JSON.stringify(typed()) !== draft.kept && draft.tries === 0) draft.waiting = setTimeout(save, PAUSE);
}

// A request that overtook a save under way would find its own words there as somebody else's: it waits for the answer, not for long.
function send(event) {
  clearTimeout(draft.waiting);
  if (draft.saving && !draft.stopped) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const press = () => {
      if (draft.press !== press) return;
      Object.assign(draft, { press: null, saving: false });
      form.requestSubmit(event.submitter);
    };
    draft.press = press;
    setTimeout(press, LONGEST_SAVE);
  } else draft.stopped = true;
}

function keep(found, mine) {
  const before = JSON.parse(seen().value || "{}");
  const sent = JSON.parse(mine);
  const now = typed();
  const labels = [];
  for (const [name, text] of Object.entries(found.theirs)) {
    // Typed on meanwhile: leave it, and let the next save tell that both changed it.
    if ((now[name] || "") !== (sent[name] || "")) { found.seen[name] = before[name] || ""; continue; }
    put(name, text);
    labels.push(document.querySelector(`label[for="${name}"]`)?.firstChild.textContent.trim() || name);
  }
  store.forget(draft.place);
  seen().value = JSON.stringify(found.seen);
  draft.tries = 0;
  draft.kept = JSON.stringify(Object.keys(found.theirs).length ? typed() : sent);
  if (draft.path !== found.path) begun(found.path);
  // What was typed while the answer was on its way is not with the server yet.
  if (JSON.stringify(typed()) !== draft.kept) remember();
  tell(`Saved ${clock(new Date())}.`);
  if (labels.length) {
    const words = `Somebody else wrote here too: ${labels.join("; ")}`;
    tell(words);
    say(words);
    applyConditions();
  }
}

function begun(path) {
  store.forget(draft.place);
  draft.path = path;
  form.dataset.asking = path;
  form.action = `${path}/request`;
  form.querySelector("[formaction='/drafts']")?.setAttribute("formaction", path);
  history.replaceState(history.state, "", path);
  store.write("outsize-draft", { path, at: Date.now() });
  say("Saved. This page's address brings you back here.");
  htmx.ajax("GET", `${path}/share`, { target: "#share", swap: "outerHTML" });
}

function refused(status, found) {
  if (status === 409) {
    draft.stopped = true;
    const words = `Somebody else changed this too: ${found.labels.join("; ")}`;
    stop(words, "See both, and choose");
  } else if (status === 410) {
    draft.stopped = true;
    stop("Somebody sent this draft meanwhile.", "See what did not go along");
  } else if (status === 404 && draft.path) {
    // The link was renewed or the draft is too old: what is typed goes on in a draft of its own.
    Object.assign(draft, { path: "", kept: "" });
    seen().value = "";
    form.action = "/requests";
    tell("The link to this draft has changed. What you type is kept in a draft of your own.", true);
  } else later("Saving waits a moment. What you type is kept in this browser.");
}

function later(words) {
  tell(words, true);
  if (draft.tries++ === 0) say(words);
  clearTimeout(draft.waiting);
  draft.waiting = setTimeout(save, Math.min(30, 2 ** draft.tries) * 1000);
}

// Two wrote the same: the plain form shows both, so the button is simply the form's own "save".
function stop(words, label) {
  tell("");
  const place = document.getElementById("unfinished");
  const button = Object.assign(document.createElement("button"), { type: "submit", className: "button small", textContent: label });
  button.setAttribute("form", "asking");
  button.setAttribute("formaction", draft.path);
  const line = Object.assign(document.createElement("p"), { textContent: words });
  place.className = "notice warn";
  place.replaceChildren(line, button);
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
  say(words);
}

// What this browser kept and the server never got: a reload, a lost connection, a machine that went off.
function restore() {
  // The answer to a press of "save": what was typed is in it.
  if (new URLSearchParams(location.search).has("saved")) store.forget(draft.place);
  if (draft.path && location.pathname + location.search !== draft.path) history.replaceState(history.state, "", draft.path);
  if (form.dataset.returned !== undefined) {
    if (!draft.path) draft.waiting = setTimeout(save, PAUSE);
    return;
  }
  const left = store.read(draft.place);
  if (left?.values) {
    if (draft.path) seen().value = left.seen;
    for (const name of new Set(fields().map((one) => one.name))) put(name, left.values[name] || "");
    say("What you typed last time is back.");
    draft.waiting = setTimeout(save, PAUSE);
  } else if (!draft.path) offerUnfinished(store.read("outsize-draft"));
}

function offerUnfinished(last) {
  if (!last?.path || Date.now() - last.at > 30 * 86_400_000) return;
  const place = document.getElementById("unfinished");
  const words = document.createElement("p");
  const on = Object.assign(document.createElement("a"), { href: last.path, textContent: "Go on with it" });
  words.append("You began a request in this browser and haven't sent it. ", on, ".");
  place.replaceChildren(words);
  place.hidden = false;
}

// A file goes to the draft as soon as it is chosen, so that a reload does not lose it.
async function giveFile(event) {
  const input = event.target;
  if (!input.files.length) return;
  tell("Sending the file ...");
  const answer = await fetch(draft.path || "/drafts", { method: "POST", body: new FormData(form) }).catch(() => null);
  const found = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = found?.getElementById(input.id)?.closest(".field");
  if (!part) return tell("The file goes along when you send the request.", true);
  seen().value = found.querySelector("#asking [name=seen]").value;
  draft.kept = JSON.stringify(typed());
  if (!draft.path) begun(found.getElementById("asking").dataset.asking);
  input.closest(".field").replaceWith(part);
  const wrong = part.querySelector(".error")?.textContent.trim();
  tell(wrong || "The file is with the draft.", Boolean(wrong));
  say(wrong || "The file is with the draft.");
}

// One question at a time

const small = matchMedia("(width < 40rem)");

const steps = {
  all: [],
  at: 0,
  on: false,

  start() {
    for (const link of document.querySelectorAll("#errors a")) link.addEventListener("click", (event) => this.jump(event));
    form.querySelector("[data-next]").addEventListener("click", () => this.next());
    form.querySelector("[data-back]").addEventListener("click", () => this.back());
    form.querySelector("[data-all]").addEventListener("click", () => this.showAll());
    form.addEventListener("keydown", (event) => this.enter(event));
    addEventListener("popstate", (event) => {
      if (draft.path && location.pathname !== draft.path) history.replaceState(event.state, "", draft.path);
      if (this.on) this.show(this.places().findIndex((one) => one.id === event.state?.step), true);
    });
    small.addEventListener("change", () => this.turn());
    this.turn();
  },

  places() {
    return [...form.querySelectorAll(".question[data-always]:not([hidden])")];
  },

  turn() {
    const wasOn = this.on;
    this.on = small.matches && !form.dataset.all;
    document.body.classList.toggle("stepwise", this.on);
    for (const part of form.querySelectorAll(".steps-head, .steps-foot, [data-all]")) part.hidden = !this.on;
    if (!this.on) {
      for (const one of form.querySelectorAll(".question")) one.classList.remove("now");
      return;
    }
    if (!wasOn) this.show(this.first(), false);
  },

  // Where to begin: at the first error, where the browser's history says, or at the first open question of a draft.
  first() {
    const places = this.places();
    const wrong = places.findIndex((one) => one.querySelector("[aria-invalid], .wrong"));
    if (wrong >= 0) return wrong;
    const known = places.findIndex((one) => one.id === history.state?.step);
    if (known >= 0) return known;
    if (document.getElementById("before-sending")) return places.length - 1;
    if (!draft.path) return 0;
    const open = places.findIndex((one) => !this.isAnswered(one));
    return open >= 0 ? open : places.length - 1;
  },

  isAnswered(question) {
    const found = typed();
    if (question.id === "question-requester") return Boolean(found.requester_email);
    return [...question.querySelectorAll("[name]")].some((one) => one.type === "file" ? one.files.length : found[one.name]);
  },

  show(at, moves) {
    const places = this.places();
    this.at = Math.max(0, Math.min(at, places.length - 1));
    for (const one of form.querySelectorAll(".question")) one.classList.toggle("now", one === places[this.at]);
    if (history.state?.step !== places[this.at].id) history.replaceState({ ...history.state, step: places[this.at].id }, "");
    this.refresh();
    if (!moves) return;
    scrollTo(0, 0);
    this.field(places[this.at])?.focus({ preventScroll: true });
    say(`${document.getElementById("step-words").textContent}.`);
  },

  refresh() {
    if (!this.on) return;
    document.body.classList.toggle("at-first", this.at === 0);
    const places = this.places();
    const now = places[this.at];
    const isLast = this.at === places.length - 1;
    document.getElementById("step-words").textContent = `Question ${this.at + 1} of ${places.length}`;
    Object.assign(form.querySelector("progress"), { value: this.at + 1, max: places.length });
    form.querySelector("[data-back]").hidden = this.at === 0;
    const next = form.querySelector("[data-next]");
    next.hidden = isLast;
    next.textContent = "required" in now.dataset || this.isAnswered(now) ? "Next" : "Skip";
    form.classList.toggle("at-last", isLast);
    form.querySelector("[data-all]").textContent = isLast ? "Add a file or say more" : "See it all on one page";
  },

  field(question) {
    return question.querySelector("[aria-invalid], input:not([type=hidden]), textarea, select");
  },

  // By the browser's history where the question before is in it; a draft may have been opened in the middle.
  back() {
    if (history.state?.depth) history.back();
    else this.show(this.at - 1, true);
  },

  next() {
    const places = this.places();
    const now = places[this.at];
    const open = [...now.querySelectorAll("[required]")].find((one) => !one.value.trim());
    if (open) return this.refuse(open, "Please fill this in.");
    history.pushState({ step: places[this.at + 1].id, depth: (history.state?.depth || 0) + 1 }, "");
    this.show(this.at + 1, true);
  },

  refuse(field, words) {
    const place = field.closest(".field");
    let line = place.querySelector(".error");
    if (!line) {
      line = Object.assign(document.createElement("p"), { className: "error", id: `${field.id}-error` });
      place.append(line);
      field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${line.id}`.trim());
    }
    line.textContent = words;
    place.classList.add("wrong");
    field.setAttribute("aria-invalid", "true");
    field.focus();
    say(words);
  },

  enter(event) {
    if (!this.on || event.key !== "Enter" || event.target.tagName !== "INPUT" || event.isComposing) return;
    if (form.classList.contains("at-last")) return;
    event.preventDefault();
    const within = [...event.target.closest(".question").querySelectorAll("input, textarea, select")];
    const following = within.slice(within.indexOf(event.target) + 1).find((one) => one.type !== "radio" && one.type !== "checkbox");
    if (following && event.target.type !== "radio") following.focus();
    else this.next();
  },

  jump(event) {
    if (!this.on) return;
    const field = document.getElementById(event.target.hash.slice(1));
    const at = this.places().findIndex((one) => one.contains(field));
    if (at < 0) return this.showAll(field);
    event.preventDefault();
    this.show(at, true);
  },

  showAll(field) {
    form.dataset.all = "yes";
    this.turn();
    (field instanceof Element ? field : document.getElementById("anything-else")).scrollIntoView();
  },
};

// What was sent is no draft any more; what two wrote is on the page that asks which words to keep.
function forget(path) {
  if (path === undefined) return;
  const last = store.read("outsize-draft");
  if (path) return store.forget(`outsize-draft:${path}`);
  for (const place of ["outsize-draft", "outsize-draft:new", `outsize-draft:${last?.path}`]) store.forget(place);
}

function start() {
  if (!form) {
    forget(document.querySelector("[data-forget-draft]")?.dataset.forgetDraft);
    return;
  }
  if (draft.path) draft.kept = JSON.stringify(typed());
  restore();
  applyConditions();
  for (const words of document.querySelectorAll(".only-if")) words.hidden = true;
  steps.start();
  form.addEventListener("input", changed);
  form.addEventListener("change", (event) => (event.target.type === "file" ? giveFile(event) : changed()));
  form.addEventListener("submit", send, true);
  addEventListener("online", save);
  form.addEventListener("htmx:before:request", (event) => { if (!navigator.onLine) event.preventDefault(); });
  addEventListener("pageshow", (event) => { if (event.persisted) draft.stopped = false; });
  addEventListener("pagehide", leave);
  const wrong = form.querySelector("[aria-invalid], .wrong :is(input, textarea, select)");
  if (wrong) (wrong.closest("details") || {}).open = true;
  wrong?.focus();
  document.getElementById("before-sending")?.focus();
}

// The last words, when the page goes away within the pause.
function leave() {
  const mine = JSON.stringify(typed());
  if (draft.stopped || !draft.path || mine === draft.kept) return;
  fetch(draft.path, { method: "POST", body: body(), headers: { Accept: "application/json" }, keepalive: true }).catch(() => {});
}

document.addEventListener("DOMContentLoaded", start);
