import {mkdir, mkdtemp, readFile, rm, stat, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {expect, onTestFinished, test} from "vitest";
import {addNoscript, escapeHtml, finishPage, finishPages} from "../../loaders/site/html.js";

const page = `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, maximum-scale=1">
<title>Status</title>
`;

test("a page gets its language, and may be zoomed", () => {
  const finished = finishPage(page, "en");
  expect(finished).toContain('<html lang="en">');
  expect(finished).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  expect(finished).toContain("<title>Status</title>");
});

test("finishing twice is finishing once, and a language that is there stays", () => {
  expect(finishPage(finishPage(page, "en"), "en")).toBe(finishPage(page, "en"));
  expect(finishPage(page.replace("<html>", '<html class="x" lang="nl">'), "en")).toContain(
    '<html class="x" lang="nl">'
  );
});

test("a page of another make is refused, not half finished", () => {
  expect(() => finishPage("<html><title>x</title>", "en")).toThrow(/lacks its <html> or its viewport/);
});

test("all pages of a directory are finished, and those that are finished stay as they are", async () => {
  const directory = await mkdtemp(join(tmpdir(), "pond-html-"));
  onTestFinished(() => rm(directory, {recursive: true}));
  await mkdir(join(directory, "sites"));
  await writeFile(join(directory, "sites/mouth.html"), page);
  await writeFile(join(directory, "data.json"), "<html>");
  expect(finishPages(directory)).toBe(1);
  expect(await readFile(join(directory, "sites/mouth.html"), "utf8")).toBe(finishPage(page, "en"));
  const {mtimeMs} = await stat(join(directory, "sites/mouth.html"));
  finishPages(directory);
  expect((await stat(join(directory, "sites/mouth.html"))).mtimeMs).toBe(mtimeMs);
});

test("what is shown without scripts ends the page it is of, once", async () => {
  const directory = await mkdtemp(join(tmpdir(), "pond-html-"));
  onTestFinished(() => rm(directory, {recursive: true}));
  await mkdir(join(directory, "sites"));
  for (const name of ["sites/mouth.html", "index.html"])
    await writeFile(join(directory, name), "<main>\n<h1>x</h1></main>");
  for (let times = 0; times < 2; times++) addNoscript(directory, new Map([["sites/mouth", "<p>$& &amp; so on</p>"]]));
  expect(await readFile(join(directory, "sites/mouth.html"), "utf8")).toBe(
    "<main>\n<h1>x</h1><noscript><p>$& &amp; so on</p></noscript>\n</main>"
  );
  expect(await readFile(join(directory, "index.html"), "utf8")).toBe("<main>\n<h1>x</h1></main>");
});

test("text stays text in HTML", () => {
  expect(escapeHtml('a < b & "c" > d')).toBe("a &lt; b &amp; &quot;c&quot; &gt; d");
});

test("the sidebar's switch has a name and stands in a header, its close button in an item, and the style knows", async () => {
  const directory = await mkdtemp(join(tmpdir(), "pond-html-"));
  onTestFinished(() => rm(directory, {recursive: true}));
  const sidebar = `<input id="observablehq-sidebar-toggle" type="checkbox" title="Toggle sidebar">
<nav id="observablehq-sidebar">
  <ol>
    <label id="observablehq-sidebar-close" for="observablehq-sidebar-toggle"></label>`;
  await writeFile(join(directory, "index.html"), `${page}${sidebar}`);
  const rule = "#observablehq-sidebar-toggle:checked~#observablehq-sidebar{left:0}";
  await writeFile(join(directory, "style.css"), `#observablehq-sidebar-toggle{top:0}${rule}`);
  for (let times = 0; times < 2; times++) {
    finishPages(directory);
    const html = await readFile(join(directory, "index.html"), "utf8");
    expect(html).toContain(
      '<header id="observablehq-head"><input id="observablehq-sidebar-toggle" aria-label="Toggle sidebar" type="checkbox" title="Toggle sidebar"></header>'
    );
    expect(html).toContain(
      '<li><label id="observablehq-sidebar-close" for="observablehq-sidebar-toggle"></label></li>'
    );
    expect(await readFile(join(directory, "style.css"), "utf8")).toBe(
      "#observablehq-sidebar-toggle{top:0}#observablehq-head:has(#observablehq-sidebar-toggle:checked)~#observablehq-sidebar{left:0}"
    );
  }
});
