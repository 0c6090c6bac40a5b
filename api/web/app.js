// The page. The address holds the question, the filters and the open article; what is shown follows from it.

import { article, citing, outcome, passages, problem } from "./pieces.js";
import { h, rangesOf, unit } from "./text.js";

const $ = (id) => document.getElementById(id);
const FILTERS = ["from", "to", "source", "lang"];
const KEY = "dateline-api-key";
const CONVERSATION = "dateline-conversation";
const shown = { asked: null, result: null, request: new AbortController(), article: null, back: null };

const show = (id, parts) => $(id).replaceChildren(...[parts].flat().filter(Boolean));

/** Shows a problem where the outcome would stand; a key that is missing is asked for. */
function failed(reason, id, again) {
  const locked = reason.status === 401;
  show(id, problem(reason, locked ? null : again));
  if (!locked) return;
  $("pane").close();
  $("key").hidden = false;
  $("secret").focus();
}

// Asking

/** The JSON that the service answers, or the problem that it states, thrown; what has a body is posted. */
async function call(path, signal, body) {
  const key = sessionStorage.getItem(KEY);
  const headers = { Accept: "application/json", ...(key && { Authorization: `Bearer ${key}` }) };
  const post = body && { method: "POST", body: JSON.stringify(body) };
  if (post) headers["Content-Type"] = "application/json";
  const response = await fetch(path, { signal, headers, ...post }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw { title: "The service is away", detail: `Nothing answers at ${location.host}. Is it running?` };
  });
  if (response.ok) return response.json();
  const stated = await response.json().catch(() => ({}));
  throw { title: `The service answered ${response.status}`, ...stated, status: response.status };
}

/** The name of the talk in this tab, which nobody guesses. */
function conversation() {
  const random = () => crypto.getRandomValues(new Uint32Array(4)).join("-"); // randomUUID is not there on plain http
  const name = sessionStorage.getItem(CONVERSATION) ?? random();
  sessionStorage.setItem(CONVERSATION, name);
  return name;
}

/** Asks what the address says, once; what was typed into the form may lean on the question before it. */
async function ask(address, typed) {
  const query = new URLSearchParams([...address].filter(([name, value]) => value && ["q", ...FILTERS].includes(name)));
  if (shown.asked === String(query)) return;
  shown.asked = String(query);
  shown.result = null;
  shown.request.abort();
  shown.request = new AbortController();
  document.body.dataset.view = query.has("q") ? "results" : "start";
  $("results").ariaBusy = query.has("q");
  if (!query.has("q")) return [show("answer"), show("passages")];
  try {
    const talk = { conversation: conversation(), follow_up: typed };
    shown.result = await call("v1/ask", shown.request.signal, { ...Object.fromEntries(query), ...talk, limit: 5 });
    understood(shown.result.query, query);
    show("answer", outcome(shown.result, query.size > 1));
    show("passages", passages(shown.result));
  } catch (reason) {
    if (reason.name === "AbortError") return;
    shown.asked = null;
    show("passages");
    failed(reason, "answer", route);
  }
  $("results").ariaBusy = false;
}

/** The address gets the question as it was understood: shared or gone back to, it has no talk before it. */
function understood({ rewritten }, query) {
  if (!rewritten) return;
  const address = new URLSearchParams(location.search);
  for (const one of [address, query]) one.set("q", rewritten);
  shown.asked = String(query);
  history.replaceState(history.state, "", `?${address}`);
}

async function read(address) {
  const id = address.get("article");
  if (!id) return $("pane").close();
  if ($("pane").open) shown.article = location.search;
  try {
    spread(await call(`v1/articles/${encodeURIComponent(id)}`), address.get("at") ?? "");
  } catch (reason) {
    show("running");
    show("cite");
    failed(reason, "article", route);
    if (reason.status === 401) return;
  }
  if (new URLSearchParams(location.search).get("article") !== id) return;
  if (!$("pane").open) $("pane").showModal();
  shown.article = location.search;
  $("article").querySelector("mark")?.scrollIntoView({ block: "center" });
}

/** Lays an article out, with the range marked that the address names. */
function spread(full, at) {
  const { id, text, title, lang } = full;
  const [start, end] = at.split("-").map(Number);
  const answer = shown.result?.answers.find(({ citation: c }) => c.article_id === id && c.sentence.start === start);
  const ranges = answer ? rangesOf(answer) : [{ start, end }].filter(() => start < end);
  const words = (range) => text.slice(unit(text, range.start), unit(text, range.end));
  show("running", title);
  show("cite", ranges.slice(-1).map((range) => citing(words(range), full, id, range)));
  show("article", article(full, ranges));
  $("article").lang = lang ?? "";
}

// The address

async function go(address, typed) {
  shown.article = null; // whatever is closing leaves the address to this
  await shown.back; // or it would take back what is opened now
  const search = String(address) && `?${address}`;
  if (search !== location.search) history.pushState({ ours: true }, "", location.pathname + search);
  return route(typed);
}

function fill(address) {
  for (const name of ["q", ...FILTERS]) {
    const field = $("ask").elements[name];
    const value = address.get(name) ?? "";
    field.value = field.type === "date" ? (/^\d{4}-\d\d-\d\d/.exec(value)?.[0] ?? "") : value;
  }
  const set = FILTERS.filter((name) => address.get(name)).length;
  $("active").textContent = set ? ` (${set} set)` : "";
  if (set) $("filters").open = true;
}

async function visit(typed) {
  const address = new URLSearchParams(location.search);
  document.title = address.get("q") ? `${address.get("q")} – Dateline` : "Dateline";
  await ask(address, typed);
  await read(address);
}

/** Follows the address, which has changed. */
function route(typed) {
  fill(new URLSearchParams(location.search));
  return visit(typed === true); // and not an event
}

/** How much there is, and the sources and languages to filter by, as the first articles have them. */
async function holdings() {
  const { data, total } = await call("v1/articles?limit=200");
  const distinct = (name) => [...new Set(data.map((article) => article[name]).filter(Boolean))].sort();
  const languages = distinct("lang");
  $("holdings").textContent = `${total.toLocaleString("en")} article${total === 1 ? "" : "s"}`;
  $("sources").replaceChildren(...distinct("source").map((value) => h("option", { value })));
  $("ask").elements.lang.length = 1; // "Any"
  $("ask").elements.lang.append(...languages.map((value) => h("option", { value }, value)));
  $("language").hidden = languages.length < 2;
  $("empty").hidden = total > 0;
  $("start").hidden = total === 0;
  $("ask").elements.lang.value = new URLSearchParams(location.search).get("lang") ?? "";
}

function begin() {
  holdings().catch((reason) => shown.asked || failed(reason, "answer", begin));
  return location.search ? route() : visit(); // what was typed before this script ran is kept
}

// Hands

/** The answer and the passages are stops; above the first one is the question. */
function move(step) {
  const stops = [...document.querySelectorAll("#results .open")];
  const at = stops.indexOf(document.activeElement) + step;
  const next = at < 0 ? $("q") : stops[at];
  next?.focus();
  return next;
}

/** What a key does; where that comes to nothing, the key is left to the browser. */
const SHORTCUTS = {
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  j: () => move(1),
  k: () => move(-1),
  o: () => document.activeElement.matches(".open") && [document.activeElement.click()],
  "/": () => [$("q").focus(), $("q").select()],
  Escape: () => [($("q").value = ""), $("q").focus()],
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $("pane").open) return;
  const typing = event.target.matches("input, select, textarea");
  if (typing && (event.target !== $("q") || event.key.length === 1)) return;
  if (SHORTCUTS[event.key]?.()) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='?']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(new URLSearchParams(link.search));
});
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  if (matchMedia("(pointer: coarse)").matches) $("q").blur(); // the keyboard on the screen would cover the answer
  shown.asked = null;
  go(new URLSearchParams([...new FormData($("ask"))].filter(([, value]) => value.trim())), true);
});
$("filters").addEventListener("change", () => $("q").value.trim() && $("ask").requestSubmit());
$("key").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, $("secret").value);
  $("key").hidden = true;
  begin();
});
$("pane").addEventListener("click", (event) => event.target === $("pane") && $("pane").close());
$("pane").addEventListener("close", () => {
  if ($("pane").open || location.search !== shown.article) return; // something else has been opened since
  if (history.state?.ours) {
    shown.back = new Promise((done) => {
      window.addEventListener("popstate", done, { once: true });
      setTimeout(done, 1000); // lest nothing can be opened any more
    });
    return history.back();
  }
  const address = new URLSearchParams(location.search);
  address.delete("article");
  address.delete("at");
  history.replaceState(null, "", `?${address}`);
});
window.addEventListener("popstate", route);
$("origin").textContent = new URL(".", location).href;
begin();
