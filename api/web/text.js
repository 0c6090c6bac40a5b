// Text of articles as nodes. Data only becomes text nodes and checked attributes: nothing in an article can act.

/** An element with attributes (functions listen) and children (strings become text nodes); empty ones are left out. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value) element.setAttribute(name, value);
  }
  element.append(...children.filter(Boolean));
  return element;
}

/** Where a code point, as the service counts, stands in a string, which counts UTF-16 units. */
export function unit(text, points) {
  let at = 0;
  for (let left = points; left > 0 && at < text.length; left -= 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

/** Ranges of the article as ranges of `text`, which begins at `base` in it. */
export const inside = (text, base, ranges) =>
  ranges.map(({ start, end, exact }) => ({ start: unit(text, start - base), end: unit(text, end - base), exact }));

/** `text.slice(from, to)` as nodes, with marks where the ranges are. */
export function marked(text, from, to, ranges) {
  const edges = ranges.flatMap(({ start, end }) => [start, end]).filter((edge) => edge > from && edge < to);
  const cuts = [...new Set([from, ...edges, to])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, index) => {
    const over = ranges.filter((range) => range.start <= cuts[index] && range.end >= end);
    const piece = text.slice(cuts[index], end);
    return over.length ? h("mark", { class: over.some(({ exact }) => exact) && "exact" }, piece) : piece;
  });
}

/** Where to begin, so that opening lines that only repeat the title are not shown under it again. */
function opening(text, title, ranges) {
  let at = 0;
  for (const { 0: line, index } of text.matchAll(/[^\n]*\n/gy)) {
    const end = index + line.length;
    if ((line.trim() && line.trim() !== title) || ranges.some(({ start }) => start < end)) break;
    at = end;
  }
  return at;
}

/** The text in paragraphs, which blank lines part. */
export function prose(text, title, ranges) {
  const paragraphs = h("div", { class: "prose" });
  let at = opening(text, title, ranges);
  for (const { 0: gap, index } of text.matchAll(/\n\s*\n|$/g)) {
    if (index > at) paragraphs.append(h("p", { dir: "auto" }, ...marked(text, at, index, ranges)));
    at = Math.max(at, index + gap.length);
  }
  return paragraphs;
}

/** An answer's sentence, and within it the answer itself where that is shorter. */
export function rangesOf({ citation: { start, end, sentence } }) {
  const shorter = start > sentence.start || end < sentence.end;
  return shorter ? [sentence, { start, end, exact: true }] : [sentence];
}
