import {readFileSync, readdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";

/** Text as it stands in HTML, between tags or in a quoted attribute. */
export function escapeHtml(text: string): string {
  const names: Record<string, string> = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"};
  return text.replace(/[&<>"]/g, (character) => names[character]!);
}

/**
 * Gives each built page below a directory what Framework leaves out: a language, a viewport that may be zoomed, and a
 * sidebar that axe-core finds nothing wrong with. Synchronous, so that it can run while a process ends; doing it twice changes nothing. Returns the number of pages.
 */
export function finishPages(directory: string, language = "en"): number {
  const names = readdirSync(directory, {recursive: true, encoding: "utf8"});
  const pages = names.filter((name) => name.endsWith(".html"));
  for (const name of pages) rewrite(join(directory, name), (html) => finishPage(html, language));
  for (const name of names.filter((one) => one.endsWith(".css"))) rewrite(join(directory, name), finishStyle);
  return pages.length;
}

/**
 * Gives built pages what a browser shows that runs no scripts, as HTML by the pages' paths ("sites/mouth"). Synchronous,
 * as `finishPages`; doing it twice changes nothing.
 */
export function addNoscript(directory: string, contents: ReadonlyMap<string, string>): void {
  for (const [path, content] of contents)
    rewrite(join(directory, `${path}.html`), (html) =>
      html.includes("<noscript>") ? html : html.replace("</main>", () => `<noscript>${content}</noscript>\n</main>`)
    );
}

function rewrite(file: string, finish: (text: string) => string): void {
  const text = readFileSync(file, "utf8");
  const finished = finish(text);
  if (finished !== text) writeFileSync(file, finished);
}

/** The switch of the sidebar stands in a header now, which the rules that look at what follows it must know. */
function finishStyle(css: string): string {
  return css.replace(
    /(^|[^(])#observablehq-sidebar-toggle(:checked|:indeterminate)(?=\s*~)/g,
    "$1#observablehq-head:has(#observablehq-sidebar-toggle$2)"
  );
}

/** One page of HTML, finished. Throws when it does not look like one of Framework's. */
export function finishPage(html: string, language: string): string {
  if (!html.includes("<html") || !html.includes('name="viewport"'))
    throw new Error(
      "a built page lacks its <html> or its viewport: this version of Framework writes pages differently, see loaders/site/html.ts"
    );
  return html
    .replace(/<html(?![^>]*\blang=)/, `<html lang="${language}"`)
    .replace(/(<meta name="viewport" content=")[^"]*(")/, "$1width=device-width, initial-scale=1$2")
    .replace(
      /^<input id="observablehq-sidebar-toggle"([^>]*)>/m,
      '<header id="observablehq-head"><input id="observablehq-sidebar-toggle" aria-label="Toggle sidebar"$1></header>'
    )
    .replace(/(<ol>\s*)(<label id="observablehq-sidebar-close"[^>]*><\/label>)/, "$1<li>$2</li>");
}
