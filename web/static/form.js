// Questions put in order by hand; the buttons do the same without a script.

const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;

function put(event) {
  const line = event.item;
  if (event.oldIndex === event.newIndex) return;
  const desk = document.getElementById("desk");
  const next = line.nextElementSibling;
  const before = next?.matches(".question-line") ? next.dataset.key : "";
  window.outsize.say(`${line.dataset.name} is now in place ${event.newIndex + 1}.`);
  htmx.ajax("POST", `/settings/form/questions/${line.dataset.key}/place`, {
    values: { before, stamp: desk.dataset.stamp },
    target: "#desk",
    swap: "outerHTML",
  });
}

function prepare() {
  const desk = document.getElementById("desk");
  if (!desk || !window.Sortable) return;
  desk.classList.add("can-sort");
  desk.querySelectorAll("[data-sortable-questions]").forEach((list) => {
    Sortable.create(list, {
      handle: ".grip",
      draggable: ".question-line",
      animation: reduced ? 0 : 120,
      ghostClass: "ghost",
      onEnd: put,
    });
  });
  document.querySelectorAll("input[data-stamp]").forEach((field) => {
    field.value = desk.dataset.stamp;
  });
}

// Sortable leaves style="" behind, which the content policy would complain about when htmx copies it.
function removeEmptyStyles() {
  document.querySelectorAll('#desk [style=""]').forEach((one) => one.removeAttribute("style"));
}

document.addEventListener("DOMContentLoaded", prepare);
if (document.readyState !== "loading") prepare();
document.addEventListener("htmx:before:swap", removeEmptyStyles);
document.addEventListener("htmx:after:swap", prepare);

// The cause table: "no" is what "yes" leaves.
document.addEventListener("input", (event) => {
  const rest = event.target.dataset?.yes && document.getElementById(event.target.dataset.yes);
  const yes = Number.parseFloat(event.target.value.replace(",", "."));
  if (rest) rest.textContent = Number.isFinite(yes) ? String(Math.round((100 - yes) * 100) / 100) : "–";
});
