import {mkdir, readFile, readdir, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import {expect, test} from "vitest";
import {shadesOf} from "../../loaders/site/colour.js";
import {headOf} from "../../loaders/site/head.js";
import {listPages} from "../../loaders/site/pages.js";
import {publishLogo} from "../../loaders/site/logo.js";
import {silent} from "../../loaders/runs/reporter.js";
import type {Catalogue, Effects} from "../../loaders/types.js";
import {choicesOf} from "../../loaders/readings/unit.js";
import {resource} from "./pond.js";
import {temporaryDirectory} from "./memory.js";

/** What a Dashboard says of the pages, and what becomes of it. */

const catalogue = {
  description: 'Five "fine" sites.',
  sites: [
    {slug: "basin", label: "Inner Basin"},
    {slug: "mouth", label: "Mouth", colour: {light: "#005a8f", dark: "#6db9ee"}}
  ],
  parameters: [{slug: "do", label: "Oxygen"}]
} as unknown as Catalogue;

async function sourceWith(files: Record<string, string>): Promise<string> {
  const source = await temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(source, name)), {recursive: true});
    await writeFile(join(source, name), text);
  }
  return source;
}

const authored = {
  "index.md": "# Home",
  "status.md": "# Status",
  "about.md": "# About",
  "tides.md": "# Tides and\n",
  "report/2025.md": '---\ntitle: "The year 2025"\n---\n# x\n',
  "untitled.md": "Text.",
  "later.md": "---\ndraft: true\n---\n# Later\n",
  "sites/[site].md.ts": "",
  ".observablehq/cache/sites/mouth.md": "# Mouth"
};

test("the sidebar lists every page, those of authors by their titles, drafts left out", async () => {
  expect(await listPages(await sourceWith(authored), catalogue)).toEqual([
    {
      name: "Sites",
      pages: [
        {name: "Inner Basin", path: "/sites/basin"},
        {name: "Mouth", path: "/sites/mouth"}
      ]
    },
    {name: "Parameters", pages: [{name: "Oxygen", path: "/parameters/do"}]},
    {name: "Compare", path: "/compare"},
    {name: "Explore", path: "/explore"},
    ...[
      ["The year 2025", "/report/2025"],
      ["Tides and", "/tides"],
      ["untitled", "/untitled"],
      ["Status", "/status"],
      ["About the data", "/about"]
    ].map(([name, path]) => ({name, path}))
  ]);
});

test("or those that the Dashboard names, in its order", async () => {
  const pages = [
    "parameters",
    {name: "Ebb and flow", path: "tides.md"},
    {name: "More", pages: ["status", "sites", "parameters/do"]}
  ];
  expect(await listPages(await sourceWith(authored), {...catalogue, pages})).toEqual([
    {name: "Parameters", pages: [{name: "Oxygen", path: "/parameters/do"}]},
    {name: "Ebb and flow", path: "/tides"},
    {
      name: "More",
      pages: [
        {name: "Status", path: "/status"},
        {name: "Inner Basin", path: "/sites/basin"},
        {name: "Mouth", path: "/sites/mouth"},
        {name: "Oxygen", path: "/parameters/do"}
      ]
    }
  ]);
  await expect(listPages(await sourceWith(authored), {...catalogue, pages: ["tide"]})).rejects.toThrow(
    'the Dashboard lists the page "tide", and there is none: did you mean tides?'
  );
});

test("a colour is made to stand out on light and on dark ground, and left alone where it does", () => {
  expect(shadesOf("#005a8f").light).toBe("#005a8f");
  const {light, dark} = shadesOf("#ffff00");
  expect(dark).toBe("#ffff00");
  expect(light).toMatch(/^#(\w\w)\1(00)$/); // a darker yellow
  expect(parseInt(light.slice(1, 3), 16)).toBeLessThan(0x80);
  expect(shadesOf("#000000").dark).not.toBe("#000000");
});

test("the head of each page has the site's colours, logo and description", () => {
  const head = headOf(
    {...catalogue, logo: "logo.svg", accent: {light: "#111111", dark: "#eeeeee"}},
    {base: "/some-repo", preview: false}
  );
  expect(head).toContain('content="Five &quot;fine&quot; sites."');
  expect(head).toContain('<link rel="icon" href="/some-repo/data/logo.svg">');
  expect(head).toContain('url("/some-repo/data/logo.svg")');
  expect(head).toContain(":root{--site-2:#005a8f;--theme-foreground-focus:#111111}");
  expect(head).toContain(":root{--site-2:#6db9ee;--theme-foreground-focus:#eeeeee}");
  expect(headOf({...catalogue, sites: []}, {base: "/", preview: false})).not.toContain("<style>");
});

test("a logo is published under its own name, goes when the Dashboard has none, and what is wrong with one is said", async () => {
  const [host, directory] = [await temporaryDirectory(), await temporaryDirectory()];
  const warnings: string[] = [];
  const effects: Effects = {now: Date.now, env: {}, reporter: {...silent, warn: (text) => warnings.push(text)}};
  const publish = (logo?: string) => {
    const site = {name: "a", dataset: "/reduced/a"};
    const dashboard = resource("Dashboard", "site", {title: "A", sites: [site], ...(logo ? {logo} : {})});
    const place = {...dashboard.place, file: join(host, "a.yaml")};
    return publishLogo({resources: [{...dashboard, place}], directory, effects});
  };
  await writeFile(join(host, "a.svg"), "<svg/>");
  expect(await publish("a.svg")).toBe("logo.svg");
  expect(await readFile(join(directory, "logo.svg"), "utf8")).toBe("<svg/>");
  expect(warnings).toEqual([]);
  expect(await publish("b.png")).toBeUndefined();
  await writeFile(join(host, "c.png"), new Uint8Array(300_000));
  expect(await publish("c.png")).toBeUndefined();
  expect(await readdir(directory)).toEqual([]);
  expect(warnings[0]).toMatch(/^The dashboard's logo b\.png is not shown: ENOENT.*b\.png'\.$/);
  expect(warnings[1]).toBe("The dashboard's logo c.png is not shown: it has 300.0 kB, and may have 200.0 kB.");
});

test("readers may choose between the units that mean the same to them", () => {
  expect(choicesOf("C")).toEqual(["C", "F"]);
  expect(choicesOf("feet")).toEqual(["feet", "m"]);
  expect(choicesOf("mg/L")).toEqual(["mg/L"]);
  expect(choicesOf("furlong")).toEqual(["furlong"]);
});
