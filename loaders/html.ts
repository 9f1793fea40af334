import {readFileSync, readdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";

/** Text as it stands in HTML, between tags or in a quoted attribute. */
export function escapeHtml(text: string): string {
  const names: Record<string, string> = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"};
  return text.replace(/[&<>"]/g, (character) => names[character]!);
}

/**
 * Gives each built page below a directory what Framework leaves out: a language, and a viewport that may be zoomed.
 * Synchronous, so that it can run while a process ends; doing it twice changes nothing. Returns the number of pages.
 */
export function finishPages(directory: string, language = "en"): number {
  const names = readdirSync(directory, {recursive: true, encoding: "utf8"}).filter((name) => name.endsWith(".html"));
  for (const name of names) {
    const file = join(directory, name);
    const html = readFileSync(file, "utf8");
    const finished = finishPage(html, language);
    if (finished !== html) writeFileSync(file, finished);
  }
  return names.length;
}

/** One page of HTML, finished. Throws when it does not look like one of Framework's. */
export function finishPage(html: string, language: string): string {
  if (!html.includes("<html") || !html.includes('name="viewport"'))
    throw new Error(
      "a built page lacks its <html> or its viewport: this version of Framework writes pages differently, see loaders/html.ts"
    );
  return html
    .replace(/<html(?![^>]*\blang=)/, `<html lang="${language}"`)
    .replace(/(<meta name="viewport" content=")[^"]*(")/, "$1width=device-width, initial-scale=1$2");
}
