// Keeps the page up to date: fetches it again every few seconds while somebody can see it, and changes only what differs,
// so that scroll position, focus, selected text and unfolded details stay as they are.

const PACE = 5000; // between two pages
const SLOWEST = 30000; // between two tries at an agent that does not answer
const PATIENCE = 10000; // with one answer
const PARTS = ["head", "content"]; // what is changed; the filter is the reader's own

const body = document.body;
let timer, pending, paused = false, failures = 0;
let heard = Date.now(); // when the page on show came
let skew = heard - Date.parse(body.dataset.now); // this clock against the node's

/** The time on the node, as far as is known here. */
export const nodeTime = () => Date.now() - skew;

/** Fetches the page of the present address now, and goes on from there. */
export async function refresh() {
  clearTimeout(timer);
  pending?.abort();
  const mine = (pending = new AbortController());
  try {
    const signal = AbortSignal.any([mine.signal, AbortSignal.timeout(PATIENCE)]);
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, signal });
    const text = await answer.text();
    if (answer.status === 404) throw new Error("This target is no longer tested.");
    if (!answer.ok) throw new Error(`The agent says: ${text.trim()}`);
    show(new DOMParser().parseFromString(text, "text/html"));
    failures = 0;
  } catch (error) {
    if (mine.signal.aborted) return; // a newer one is under way
    failures += 1;
    tell(error instanceof TypeError || error.name === "TimeoutError" ? "No answer from the agent." : error.message);
  }
  if (!paused && !document.hidden) timer = setTimeout(refresh, Math.min(PACE * 2 ** Math.max(0, failures - 1), SLOWEST));
}

/** Whether updates are stopped from now on. */
export function pause(stop) {
  paused = stop;
  if (stop) clearTimeout(timer);
  else refresh();
}

function show(fresh) {
  heard = Date.now();
  skew = heard - Date.parse(fresh.body.dataset.now);
  const hold = anchor();
  const focused = document.activeElement;
  for (const id of PARTS) {
    const [old, next] = [document.getElementById(id), fresh.getElementById(id)];
    if (old && next) patch(old, next);
  }
  if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  hold();
  document.title = fresh.title;
  const icon = "link[rel=icon]";
  document.querySelector(icon).href = fresh.querySelector(icon).href;
  body.classList.remove("lost");
  body.dispatchEvent(new Event("shown"));
}

/** Says that the page is old, and since when. */
function tell(why) {
  const lost = document.getElementById("lost");
  const since = new Date(heard).toLocaleTimeString();
  const text = `${why} What follows is of ${since} and may be wrong by now.`;
  if (lost.textContent !== text) lost.textContent = text; // read aloud once
  lost.hidden = false;
  body.classList.add("lost");
  if (!document.title.startsWith("(old) ")) document.title = `(old) ${document.title}`;
}

/** Makes `old` what `next` is, touching as little as possible. */
function patch(old, next) {
  if (old.isEqualNode(next)) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (!isSelected(old)) old.data = next.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && !isReaders(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value && !isReaders(old, name)) old.setAttribute(name, value);
  }
  if (old.localName !== "time") children(old, next); // the words of times are made here, see page.js
}

/** The reader's own, not the agent's: what is unfolded, and what the scripts show. */
const isReaders = (element, name) => (name === "open" && element.localName === "details") || (name === "hidden" && element.matches(".copy"));

const isSelected = (node) => {
  const selection = getSelection();
  return !selection.isCollapsed && selection.containsNode(node, true);
};

/** Elements with an id are matched by it, others by what stands in their place. */
function children(old, next) {
  const kept = new Set([...next.children].map((child) => child.id).filter(Boolean));
  for (const child of [...old.children]) if (child.id && !kept.has(child.id)) child.remove();
  const known = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let at = old.firstChild;
  const drop = () => {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  };
  for (const wanted of [...next.childNodes]) {
    const named = known.get(wanted.id);
    while (named && at && at !== named && !at.id) drop(); // what is in its way goes, so that it need not move
    const match = named ?? (at && !at.id && at.nodeName === wanted.nodeName ? at : null);
    if (match === at && at) at = at.nextSibling;
    else old.insertBefore(match ?? document.importNode(wanted, true), at);
    if (match) patch(match, wanted);
  }
  while (at) drop();
}

/** Remembers what stands at the top of the window; the result puts it there again. */
function anchor() {
  if (scrollY === 0) return () => {}; // whoever is at the top wants to see news there
  const top = (element) => element.getBoundingClientRect().top;
  const inSight = (element) => top(element) >= 0 && element.checkVisibility();
  const held = [...document.querySelectorAll("#content [id]")].find(inSight);
  const before = held && top(held);
  return () => held?.isConnected && scrollBy({ top: top(held) - before, behavior: "instant" });
}

if (body.dataset.now) {
  if (!document.hidden) timer = setTimeout(refresh, PACE);
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden && !paused) refresh();
  });
}
