import process from "node:process";
import {escapeHtml, finishPages} from "./loaders/html.js";
import {prepareSite} from "./loaders/site.js";

const {catalogue, paths} = await prepareSite(import.meta.dirname);
const output = process.env.POND_OUTPUT ?? "dist";

// Framework leaves out the language of its pages and forbids zooming; both are put right when the build is done.
if (process.argv.includes("build"))
  process.on("exit", (code) => {
    if (code === 0) finishPages(output);
  });

export default {
  root: "src",
  output,
  base: process.env.POND_BASE ?? "/",
  title: catalogue.title,
  style: "style.css",
  head: `<meta name="description" content="${escapeHtml(catalogue.description)}"><link rel="icon" href="data:,">`,
  pages: [
    {name: "Sites", pages: catalogue.sites.map(({label, slug}) => ({name: label, path: `/sites/${slug}`}))},
    {
      name: "Parameters",
      pages: catalogue.parameters.map(({label, slug}) => ({name: label, path: `/parameters/${slug}`}))
    },
    {name: "Status", path: "/status"}
  ],
  dynamicPaths: paths,
  pager: false,
  toc: false,
  search: false,
  footer: `${escapeHtml(catalogue.title)} · times are those of ${catalogue.timeZone} · <a href="/status">status of the data</a>`,
  globalStylesheets: [], // no fonts from another host
  duckdb: {extensions: {json: null, parquet: null}}, // nothing to download
  interpreters: {".ts": ["node", "--import", "tsx"]}
};
