// What a reader does with a page: reads times, filters, moves by keys, copies. Without this script all of it is there,
// with a button for the filter and with times in UTC.

import { nodeTime, pause, refresh } from "/static/live.js";

const $ = (id) => document.getElementById(id);
const filter = $("filter");
const help = $("help");
const isLive = "now" in document.body.dataset;

// --- Times: how long ago, kept true while the page stands; exact ones in UTC and local on hover, or all of them ---

let exact = false;
const pad = (number) => String(number).padStart(2, "0");

/** As the agent writes it: one unit, rounded down. */
function ago(seconds) {
  if (seconds < 1) return "just now";
  const [count, unit] =
    seconds < 120 ? [seconds, "s"]
    : seconds < 7200 ? [seconds / 60, "min"]
    : seconds < 172800 ? [seconds / 3600, "h"]
    : [seconds / 86400, "d"];
  return `${Math.floor(count)} ${unit} ago`;
}

function local(date) {
  const day = [date.getFullYear(), pad(date.getMonth() + 1), pad(date.getDate())].join("-");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(":");
  return `${day} ${time}`;
}

function tellTimes() {
  for (const time of document.querySelectorAll("time")) {
    const date = new Date(time.dateTime);
    const utc = `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
    const title = `${utc}, ${local(date)} local`;
    const words = exact || time.classList.contains("exact") ? utc : ago((nodeTime() - date) / 1000);
    if (time.title !== title) time.title = title;
    if (time.textContent !== words) time.textContent = words;
  }
}

function toggle(button) {
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", on);
  return on;
}

$("exact").addEventListener("click", (event) => {
  exact = toggle(event.currentTarget);
  tellTimes();
});
$("pause").addEventListener("click", (event) => pause(toggle(event.currentTarget)));
$("keys").addEventListener("click", () => help.showModal());

// --- Filter: the agent filters, as without a script; the page only asks by itself, and the address can be shared ---

let asking;

function ask() {
  clearTimeout(asking);
  const fields = [...new FormData(filter)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(fields).toString();
  history.replaceState(null, "", query ? `/status?${query}` : "/status");
  refresh();
}

function clear() {
  filter.elements.q.value = filter.elements.group.value = filter.elements.state.value = "";
  ask();
}

filter?.addEventListener("input", () => {
  clearTimeout(asking);
  asking = setTimeout(ask, 200);
});
filter?.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
document.addEventListener("click", (event) => {
  if (event.target.id !== "all") return;
  event.preventDefault();
  clear();
});

// --- Keys ---

/** The next or previous target that is to be seen. */
function step(by) {
  const targets = [...document.querySelectorAll("a.target")].filter((link) => link.checkVisibility());
  const at = targets.indexOf(document.activeElement);
  targets[at < 0 ? (by > 0 ? 0 : targets.length - 1) : at + by]?.focus();
}

const KEYS = {
  "/": () => filter?.elements.q.select(),
  j: () => step(1),
  k: () => step(-1),
  t: () => $("exact").click(),
  p: () => isLive && $("pause").click(),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  const on = event.target;
  const writes = on.matches("input, select, textarea");
  const moves = on.matches("a.target") || on.name === "q";
  let act = writes ? undefined : KEYS[event.key];
  if (moves && event.key === "ArrowDown") act = () => step(1);
  if (moves && event.key === "ArrowUp") act = () => step(-1);
  if (filter && event.key === "Escape") act = clear;
  if (!act) return;
  event.preventDefault();
  act();
});

// --- Copy: over plain HTTP a browser has no clipboard for scripts, but it copies what is selected ---

async function copy(button) {
  const source = button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
  } catch {
    getSelection().selectAllChildren(source);
    if (!document.execCommand("copy")) return; // it is selected now, and can be copied by hand
    getSelection().removeAllRanges();
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

document.addEventListener("click", (event) => {
  if (event.target.matches(".copy")) copy(event.target);
});

/** After every change of the page: what needs a script is shown, and times are told. */
function arrange() {
  for (const button of document.querySelectorAll(".copy")) button.hidden = false;
  tellTimes();
}

document.querySelector(".tools").hidden = false;
$("pause").hidden = !isLive;
arrange();
if (isLive) {
  document.body.addEventListener("shown", arrange);
  setInterval(tellTimes, 1000);
}
