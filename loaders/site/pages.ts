import {readdir, readFile} from "node:fs/promises";
import {basename, join} from "node:path";
import type {Catalogue, PageName} from "../types.js";
import {nearest} from "../word.js";

/** What the sidebar lists, as Framework's configuration wants it. */
export type Listed = Link | {readonly name: string; readonly pages: readonly Link[]};

interface Link {
  readonly name: string; // what readers see
  readonly path: string; // "/sites/mouth"
}

/** The pages that come with the project, and their order; those that authors add stand before the last two. */
const own: readonly Link[] = [
  {name: "Compare", path: "/compare"},
  {name: "Explore", path: "/explore"},
  {name: "Status", path: "/status"},
  {name: "About the data", path: "/about"}
];

/** The pages of the sidebar, as the Dashboard lists them; every page when it lists none. */
export async function listPages(
  source: string,
  catalogue: Omit<Catalogue, "datasets" | "overlays">
): Promise<readonly Listed[]> {
  const authored = await authoredPages(source);
  const groups = [
    {name: "Sites", pages: catalogue.sites.map(({label, slug}) => ({name: label, path: `/sites/${slug}`}))},
    {
      name: "Parameters",
      pages: catalogue.parameters.map(({label, slug}) => ({name: label, path: `/parameters/${slug}`}))
    }
  ];
  if (!catalogue.pages) return [...groups, ...own.slice(0, -2), ...authored, ...own.slice(-2)];
  const known = new Map<string, Listed>([
    ...groups.map((group) => [group.name.toLowerCase(), group] as const),
    ...[...own, ...authored, ...groups.flatMap(({pages}) => pages)].map((link) => [link.path.slice(1), link] as const)
  ]);
  return catalogue.pages.map((entry) =>
    typeof entry === "object" && "pages" in entry
      ? {name: entry.name, pages: entry.pages.flatMap((page) => linksOf(page, known))}
      : listed(entry, known)
  );
}

function linksOf(page: PageName, known: ReadonlyMap<string, Listed>): readonly Link[] {
  const found = listed(page, known);
  return "pages" in found ? found.pages : [found];
}

/** Throws a sentence for a page that is not there. */
function listed(page: PageName, known: ReadonlyMap<string, Listed>): Listed {
  const {name, path} = typeof page === "string" ? {name: undefined, path: page} : page;
  const wanted = path.replace(/^\/|\.md$/g, "");
  const found = known.get(wanted);
  if (found) return name === undefined ? found : {...found, name};
  const near = nearest(wanted, [...known.keys()]);
  const hint = near === undefined ? `the pages are ${[...known.keys()].join(", ")}` : `did you mean ${near}?`;
  throw new Error(`the Dashboard lists the page "${path}", and there is none: ${hint}`);
}

/** The Markdown files that authors have put below `source`, by their path, drafts left out. */
async function authoredPages(source: string): Promise<readonly Link[]> {
  const entries = await readdir(source, {recursive: true, withFileTypes: true});
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md") && !/[[\]]/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(source.length, -".md".length))
    .filter((path) => !/^\/(\.observablehq\/|index$)/.test(path) && !own.some((link) => link.path === path));
  const links = await Promise.all(paths.sort().map((path) => linkTo(path, join(source, `${path}.md`))));
  return links.filter((link) => link !== undefined);
}

async function linkTo(path: string, file: string): Promise<Link | undefined> {
  const text = await readFile(file, "utf8");
  const [, front = ""] = /^---\r?\n(.*?)^---\r?$/ms.exec(text) ?? [];
  if (/^draft:\s*true\s*$/m.test(front)) return undefined;
  const title = /^title:\s*(.+?)\s*$/m.exec(front)?.[1] ?? /^#\s+(.+?)\s*$/m.exec(text)?.[1];
  return {name: title?.replace(/^(["'])(.*)\1$/, "$2") ?? basename(path), path: path.replace(/\/index$/, "/")};
}
