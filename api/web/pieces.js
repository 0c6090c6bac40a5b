// Pieces of the page: the answer, the passages, a problem, an article.

import { h, inside, marked, prose, rangesOf } from "./text.js";

const CONFIDENCE = [
  [0.9, "Almost certainly right"],
  [0.7, "Probably right"],
  [0.5, "More likely right than not"],
  [0, "Unsure"],
];

const day = (time) => new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(new Date(time));

function certainty(confidence) {
  const words = CONFIDENCE.find(([least]) => confidence >= least)[1];
  return `${words}, ${Math.min(99, Math.round(confidence * 100))}%`;
}

function original(address) {
  const url = URL.canParse(address ?? "") && new URL(address);
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, `Original at ${url.hostname}`);
}

function byline({ source, published_at: time, url }, ...more) {
  const date = time && h("time", { datetime: time }, day(time));
  const parts = [source, date, original(url), ...more].filter(Boolean);
  return parts.length && h("p", { class: "byline" }, ...parts.map((part) => h("span", {}, part)));
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = h("textarea", { class: "offscreen" });
    box.value = text;
    button.after(box);
    box.select();
    document.execCommand("copy"); // the only way on a page that came by plain http from another machine
    box.remove();
    button.focus();
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy citation"), 2000);
}

/** A button that copies words, where they are from, and their place as `id[start:end]`. */
export function citing(words, { title, source, published_at: time, url }, id, { start, end }) {
  const origin = [title, source, time && day(time), url].filter(Boolean).join(", ");
  const text = `“${words.replace(/\s+/g, " ").trim()}” (${origin}; ${id}[${start}:${end}])`;
  const click = (event) => copy(text, event.currentTarget);
  return h("button", { type: "button", class: "quiet", click }, "Copy citation");
}

/** The address that opens an article at a range and keeps the question. */
function place(id, { start, end }) {
  const address = new URLSearchParams(location.search);
  address.set("article", id);
  address.set("at", `${start}-${end}`);
  return `?${address}`;
}

function best(answer) {
  const { citation, citation: { article_id: id, sentence } } = answer;
  const exact = inside(sentence.text, sentence.start, rangesOf(answer).slice(1));
  return [
    h("h2", { class: "kicker" }, "Answer"),
    h("blockquote", { dir: "auto" }, ...marked(sentence.text, 0, sentence.text.length, exact)),
    h("p", { class: "certainty", title: "A calibrated probability: how many of 100 such answers are right" },
      certainty(answer.confidence)),
    h("p", { class: "from", dir: "auto" }, citation.title),
    byline(citation),
    h("p", { class: "actions" },
      h("a", { class: "open button", href: place(id, sentence) }, "Read in the article"),
      citing(answer.text, citation, id, citation)),
  ];
}

function none({ query, passages }, filtered) {
  const unfiltered = `?${new URLSearchParams({ q: query.rewritten ?? query.text })}`;
  const rest = filtered ? "No passage passes these filters." : "There is nothing to search yet.";
  return [
    h("h2", { class: "verdict" }, "No answer in these articles"),
    h("p", {}, passages.length ? "The closest passages may still help." : rest),
    filtered && h("p", {}, h("a", { href: unfiltered }, "Ask again without filters")),
  ];
}

/** How a question was completed from the talk, with a link that asks for nothing but its own words. */
function completion({ text, rewritten }) {
  const address = new URLSearchParams(location.search);
  for (const name of ["article", "at"]) address.delete(name);
  address.set("q", text);
  return h("p", { class: "understood", dir: "auto" },
    "Understood as: ", h("strong", {}, rewritten), " ",
    h("a", { href: `?${address}` }, "Ask exactly as typed"));
}

/** What the question comes to: the best answer, or that there is none. */
export function outcome(result, filtered) {
  const warnings = result.warnings.map((warning) => h("p", { class: "note" }, warning));
  const completed = result.query.rewritten && completion(result.query);
  return [completed, ...(result.answered ? best(result.answers[0]) : none(result, filtered)), ...warnings];
}

function passage(hit, answer, first) {
  const { article_id: id, title, text, start } = hit;
  const ranges = answer ? rangesOf(answer) : hit.highlights;
  const link = h("a", { class: "open", href: place(id, ranges[0] ?? hit) }, title || "Untitled");
  const click = (event) => event.target.closest("a") || String(getSelection()) || (link.focus(), link.click());
  return h("li", { click },
    h("h3", { dir: "auto" }, link),
    byline(hit, answer && !first && certainty(answer.confidence)),
    prose(text, title, inside(text, start, ranges)));
}

/** The passages that were found, first the one that holds the best answer; the answers' sentences are marked. */
export function passages({ answered, answers, passages: found, timing_ms: took }) {
  const answerIn = ({ id }) => answers.find(({ citation }) => citation.passage_id === id);
  const isBest = ({ id }) => id === answers[0]?.citation.passage_id;
  const hits = [...found].sort((a, b) => isBest(b) - isBest(a));
  const milliseconds = h("span", {}, `${Math.max(1, Math.round(took.total))} ms`);
  return hits.length && [
    h("h2", { class: "kicker" }, answered ? "Passages" : "Closest passages", milliseconds),
    h("ol", {}, ...hits.map((hit) => passage(hit, answerIn(hit), isBest(hit)))),
  ];
}

/** An article with its ranges marked. */
export function article({ id, title, text, ...origin }, ranges) {
  return [
    h("h2", { dir: "auto" }, title || "Untitled"),
    byline(origin),
    prose(text, title, inside(text, 0, ranges)),
    h("p", { class: "note" }, id),
  ];
}

/** A problem, in the service's own words, and a way to try again. */
export function problem({ title, detail, errors, request_id: id }, again) {
  const faults = (errors ?? []).map((fault) => h("li", {}, h("code", {}, fault.pointer), ` ${fault.detail}`));
  return [
    h("h2", { class: "verdict" }, title ?? "Something went wrong on this page"),
    h("p", {}, detail),
    faults.length > 1 && h("ul", {}, ...faults),
    again && h("p", { class: "actions" }, h("button", { type: "button", click: again }, "Try again")),
    id && h("p", { class: "note" }, `Request ${id}`),
  ];
}
