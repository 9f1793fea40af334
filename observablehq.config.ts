import process from "node:process";
import {headOf} from "./loaders/site/head.js";
import {addNoscript, escapeHtml, finishPages} from "./loaders/site/html.js";
import {joinModules} from "./loaders/site/modules.js";
import {prepareSite} from "./loaders/site/site.js";
import {stillsOf} from "./src/components/chart/still.js";

const {catalogue, pages, paths} = await prepareSite(import.meta.dirname);
const output = process.env.POND_OUTPUT ?? "dist";
const base = process.env.POND_BASE ?? "/";

// Framework leaves out the language of its pages, forbids zooming, says nothing without scripts and writes each component
// as a file of its own: all is put right when the build is done.
if (process.argv.includes("build"))
  process.on("exit", (code) => {
    if (code !== 0) return;
    finishPages(output);
    addNoscript(output, stillsOf(catalogue));
    joinModules(output);
  });

export default {
  root: "src",
  output,
  base,
  title: catalogue.title,
  style: "style.css",
  head: headOf(catalogue, {base, preview: process.argv.includes("preview")}),
  pages,
  dynamicPaths: paths,
  pager: false,
  toc: false,
  search: false,
  footer: `${escapeHtml(catalogue.title)} · times are those of ${catalogue.timeZone} · <a href="/about">about the data</a> · <a href="/status">status</a>`,
  globalStylesheets: [], // no fonts from another host
  duckdb: {extensions: {json: null, parquet: null}}, // nothing to download
  interpreters: {".ts": ["node", "--import", "tsx"]}
};
