// While a slider is dragged the plan is asked for quickly, and exactly when it is let go. Without this the form has a button.

const form = document.getElementById("what-if");
let busy = false;
let wanted = null;

function address(path, quick) {
  const query = new URLSearchParams(new FormData(form));
  if (quick) query.set("quick", "1");
  return `${path}?${query}`;
}

// One question at a time; of those asked meanwhile only the last is answered.
async function ask(quick) {
  wanted = quick;
  if (busy) return;
  busy = true;
  while (wanted !== null) {
    const now = wanted;
    wanted = null;
    document.getElementById("found")?.classList.toggle("is-busy", !now);
    try {
      await htmx.ajax("GET", address("/plan/what-if", now), { target: "#found", swap: "outerHTML" });
    } catch {
      break;
    }
    if (!now && wanted === null) {
      history.replaceState(history.state, "", address("/plan", false));
      window.outsize.say(document.getElementById("sentence")?.textContent ?? "");
    }
  }
  busy = false;
}

function show(input) {
  const output = form.querySelector(`output[for="${input.id}"]`);
  if (output) output.textContent = input.value;
}

form?.querySelector("button[type=submit]")?.setAttribute("hidden", "");
form?.addEventListener("input", (event) => {
  show(event.target);
  if (event.target.type === "range") ask(true);
});
form?.addEventListener("change", () => ask(false));
