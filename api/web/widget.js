// The question box for any page: <script src="https://…/static/widget.js"></script>, with data-* to set it up.
// All of it is in a shadow tree with its own styles. Data only becomes text nodes and checked addresses.

(() => {
  const script = document.currentScript;
  const set = script.dataset;
  const service = (set.url ?? new URL("..", script.src).href).replace(/\/+$/, "");
  const conversation = `widget-${crypto.getRandomValues(new Uint32Array(3)).join("-")}`; // randomUUID() needs https

  const STYLE = `
    :host { all: initial; display: block; color-scheme: light; --paper: #fdfcf9; --ink: #191919; --faint: #5c5a55;
      --rule: #d8d4ca; --field: #fff; --accent: #9c1c20; --solid: #9c1c20; --mark: #ffe98a; }
    @media (prefers-color-scheme: dark) { :host(:not([data-theme="light"])) { DARK } }
    :host([data-theme="dark"]) { DARK }
    * { box-sizing: border-box; margin: 0; }
    section { max-width: 42rem; border: 1px solid var(--rule); border-radius: 6px; padding: 1rem; background: var(--paper);
      color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
      overflow-wrap: anywhere; text-align: start; }
    label { display: block; margin-bottom: .4rem; font-weight: 600; }
    form div { display: flex; flex-wrap: wrap; gap: .5rem; }
    input, button { min-height: 2.75rem; border-radius: 4px; padding: .4rem .75rem; font: inherit; }
    input { flex: 1 1 12rem; min-width: 0; border: 1px solid var(--faint); background: var(--field); color: var(--ink); appearance: none; }
    button { flex: 0 1 auto; border: 1px solid var(--solid); background: var(--solid); color: #fff; font-weight: 600; cursor: pointer; }
    @media (max-width: 24rem) { button { flex: 1; } }
    button[aria-disabled="true"] { opacity: .6; cursor: progress; }
    button.plain { min-height: 0; border: 0; padding: 0 .25rem; background: none; color: var(--accent); font-weight: 400; text-decoration: underline; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    .result:not(:empty) { margin-top: 1rem; border-top: 1px solid var(--rule); padding-top: 1rem; }
    .result > * + * { margin-top: .75rem; }
    blockquote { font-size: 1.125rem; }
    mark { border-radius: 2px; background: var(--mark); color: inherit; }
    ol { padding: 0; list-style: none; }
    li + li { margin-top: .75rem; }
    .from, .note { color: var(--faint); font-size: .875rem; }
    .from > * + *::before { content: " · "; }
    a { color: var(--accent); text-underline-offset: .15em; }
  `.replaceAll("DARK", `color-scheme: dark; --paper: #16171a; --ink: #e9e7e2; --faint: #a5a29b; --rule: #393a3f; --field: #1f2024;
      --accent: #f2938c; --solid: #b8424a; --mark: #6b560d;`);

  const CONFIDENCE = [[0.9, "Almost certainly right"], [0.7, "Probably right"], [0.5, "More likely right than not"], [0, "Unsure"]];
  const TROUBLE = {
    401: "This page may not ask: it has no key for the service, or a wrong one.",
    403: "The service does not answer pages of this site.",
    429: "The service is busy. Please try again in a moment.",
    503: "The service is still starting. Please try again in a moment.",
  };

  /** An element with attributes and children; empty ones are left out, strings become text. */
  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) if (value) element.setAttribute(name, value);
    element.append(...children.filter(Boolean));
    return element;
  }

  const day = (time) => new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(new Date(time));

  /** The sentence with the answer marked in it; the service counts code points, not UTF-16 units. */
  function quotation({ text, citation: { start, sentence } }) {
    const points = Array.from(sentence.text);
    const from = start - sentence.start;
    const to = from + Array.from(text).length;
    const cut = (low, high) => points.slice(low, high).join("");
    return h("blockquote", { dir: "auto" }, cut(0, from), h("mark", {}, cut(from, to)), cut(to));
  }

  /** The article itself, where its address is one of the web; else the copy that the service shows. */
  function address({ url, article_id: id, start, end }) {
    const original = URL.canParse(url ?? "") && new URL(url);
    if (original && /^https?:$/.test(original.protocol)) return original.href;
    return `${service}/?${new URLSearchParams({ article: id, at: `${start}-${end}` })}`;
  }

  function from(cited) {
    const link = h("a", { href: address(cited), target: "_blank", rel: "noopener noreferrer", dir: "auto" }, cited.title || "Article");
    const parts = [link, cited.source, cited.published_at && day(cited.published_at)].filter(Boolean);
    return h("p", { class: "from" }, ...parts.map((part) => h("span", {}, part)));
  }

  /** How the question was completed from those before it, and a button that asks for its own words alone. */
  function understood({ query: { text, rewritten } }) {
    const exactly = h("button", { type: "button", class: "plain" }, "Ask exactly as typed");
    exactly.addEventListener("click", () => show(text, false));
    return rewritten && h("p", { class: "note", dir: "auto" }, "Understood as: ", h("strong", {}, rewritten), " ", exactly);
  }

  function answered({ answers: [best] }) {
    const words = CONFIDENCE.find(([least]) => best.confidence >= least)[1];
    const sure = `${words}, ${Math.min(99, Math.round(best.confidence * 100))}%`;
    return [quotation(best), from(best.citation), h("p", { class: "note" }, sure)];
  }

  function unanswered({ passages }) {
    const items = passages.slice(0, 3).map((one) => h("li", {}, h("p", { dir: "auto" }, one.text), from(one)));
    const closest = items.length > 0 && [h("p", { class: "note" }, "The closest passages:"), h("ol", {}, ...items)];
    return [h("p", {}, "No answer was found in the articles."), ...(closest || [])];
  }

  /** What the service answers, or the words to say why it does not, thrown. */
  async function ask(q, follow_up, signal) {
    const headers = { "Content-Type": "application/json", ...(set.key && { Authorization: `Bearer ${set.key}` }) };
    const body = JSON.stringify({ q, conversation, follow_up, collapse: "story", ...(set.source && { source: set.source }), ...(set.language && { lang: set.language }) });
    const response = await fetch(`${service}/v1/ask`, { method: "POST", headers, body, signal }).catch((error) => {
      throw error.name === "AbortError" ? error : "The service cannot be reached from this page.";
    });
    const found = await response.json().catch(() => ({}));
    if (response.ok && Array.isArray(found.answers)) return found;
    throw TROUBLE[response.status] || (response.status === 422 && found.detail) || `The service answered ${response.status}.`;
  }

  const input = h("input", { id: "q", type: "search", maxlength: "1000", autocomplete: "off", enterkeyhint: "search", placeholder: set.placeholder });
  const button = h("button", {}, "Ask");
  const result = h("div", { class: "result", role: "status" });
  const form = h("form", { role: "search" }, h("label", { for: "q" }, set.label ?? "Ask the news"), h("div", {}, input, button));
  input.required = true;
  let asking = new AbortController();

  async function show(question, follow_up) {
    asking.abort();
    const { signal } = (asking = new AbortController());
    button.setAttribute("aria-disabled", "true");
    try {
      const found = await ask(question, follow_up, signal);
      const shown = [understood(found), ...(found.answers.length ? answered(found) : unanswered(found))];
      result.replaceChildren(...shown.filter(Boolean));
    } catch (reason) {
      if (signal.aborted) return;
      result.replaceChildren(h("p", {}, String(reason)));
    }
    if (!signal.aborted) button.removeAttribute("aria-disabled");
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = input.value.trim();
    if (question) show(question, true);
  });

  const host = h("div", { "data-theme": set.theme });
  const sheet = new CSSStyleSheet(); // and not a <style>, which a page's policy may forbid
  sheet.replaceSync(STYLE);
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  root.append(h("section", { lang: "en" }, form, result));
  const place = set.target && document.querySelector(set.target);
  if (place) place.append(host);
  else script.after(host);
})();
