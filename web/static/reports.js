// Sections put in order by hand or by their buttons without leaving the page; without a script the buttons send the form.

const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
const form = document.getElementById("builder");
const list = document.getElementById("section-list");
const lines = () => [...list.querySelectorAll(":scope > .section-line")];

function settle(line) {
  const all = lines();
  all.forEach((one, place) => {
    one.classList.toggle("moved", one === line);
    one.querySelector("[data-way=up]").disabled = place === 0;
    one.querySelector("[data-way=down]").disabled = place === all.length - 1;
  });
  window.outsize.say(`${line.dataset.name} is now in place ${all.indexOf(line) + 1} of ${all.length}.`);
  mark();
}

function mark() {
  document.getElementById("unsaved").hidden = false;
}

list?.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-way]");
  if (!button) return;
  event.preventDefault();
  const line = button.closest(".section-line");
  if (button.dataset.way === "up") line.previousElementSibling?.before(line);
  else line.nextElementSibling?.after(line);
  settle(line);
  (button.disabled ? line.querySelector("button[data-way]:not(:disabled)") : button)?.focus();
});

form?.addEventListener("input", (event) => {
  const line = event.target.closest(".section-line");
  if (line && event.target.type === "checkbox") line.classList.toggle("is-off", !event.target.checked);
  mark();
});

function prepare() {
  if (!list || !window.Sortable) return;
  list.classList.add("can-sort");
  window.Sortable.create(list, {
    handle: ".grip",
    draggable: ".section-line",
    animation: reduced ? 0 : 120,
    ghostClass: "ghost",
    onEnd: (event) => event.oldIndex !== event.newIndex && settle(event.item),
  });
}

if (document.readyState === "complete") prepare();
else window.addEventListener("load", prepare);
