import {mkdir, mkdtemp, readFile, rm, stat, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {expect, onTestFinished, test} from "vitest";
import {escapeHtml, finishPage, finishPages} from "../../loaders/html.js";

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

test("text stays text in HTML", () => {
  expect(escapeHtml('a < b & "c" > d')).toBe("a &lt; b &amp; &quot;c&quot; &gt; d");
});
