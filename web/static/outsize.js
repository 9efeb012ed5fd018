// What a hand needs beyond plain pages: live refresh, single keys, focus on the first error.

const say = (words) => {
  const place = document.getElementById("said");
  if (place) place.textContent = words;
};
window.outsize = { say };

// Whether somebody has typed here what isn't sent yet, where a part says that it must not be lost (data-keeps-typing).
function isBeingWritten(part) {
  if (!part.matches("[data-keeps-typing]")) return false;
  return [...part.querySelectorAll("input, textarea, select")].some((one) => {
    if (one.type === "hidden") return false;
    if (one.type === "checkbox" || one.type === "radio") return one.checked !== one.defaultChecked;
    if (one.type === "file") return one.files.length > 0;
    if (one.matches("select")) return one.selectedIndex !== Math.max(0, [...one.options].findIndex((option) => option.defaultSelected));
    return one.value !== one.defaultValue;
  });
}

// Live: <div data-live="/address">: each message lists ids of elements that fetch themselves again ("refresh").
function listen(element) {
  const source = new EventSource(element.dataset.live);
  const waiting = new Set();
  const refresh = () => {
    if (document.querySelector("[data-dragging]")) return setTimeout(refresh, 400);
    for (const id of waiting) {
      const part = document.getElementById(id);
      if (part && isBeingWritten(part)) continue;
      if (part) htmx.trigger(part, "refresh");
      waiting.delete(id);
    }
    if (waiting.size) setTimeout(refresh, 1000);
  };
  source.onmessage = (message) => {
    if (waiting.size === 0) setTimeout(refresh, 60);
    for (const id of JSON.parse(message.data)) waiting.add(id);
  };
  window.addEventListener("pagehide", () => source.close());
}

// Single keys: <a data-key="j"> or <button data-key="a"> is pressed by its key, unless someone is typing.
function pressByKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, [contenteditable], .cards, .quick-dialog")) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  const found = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
  if (!found) return;
  event.preventDefault();
  found.click();
}

// What scrolls sideways within itself can be reached and scrolled by keys.
const reach = new ResizeObserver((changed) => {
  for (const { target } of changed) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
const watchScrollers = () => {
  document.querySelectorAll(".table-wrap:not([role]), .matrix").forEach((one) => reach.observe(one));
};

// <button data-copy="id" hidden> copies what stands in the field of that id.
function offerCopies() {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
      say("Copied.");
      button.querySelector("span").textContent = "Copied";
    });
  }
}

function start() {
  watchScrollers();
  document.addEventListener("htmx:after:swap", watchScrollers);
  document.querySelectorAll("[data-live]").forEach(listen);
  document.addEventListener("keydown", pressByKey);
  document.getElementById("errors")?.focus();
  offerCopies();
  document.addEventListener("htmx:after:swap", offerCopies);
}

document.addEventListener("DOMContentLoaded", start);
