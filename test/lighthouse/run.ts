import {execFile} from "node:child_process";
import {readdir} from "node:fs/promises";
import {createServer} from "node:net";
import type {AddressInfo} from "node:net";
import {join} from "node:path";
import process from "node:process";
import {promisify} from "node:util";
import {launchBrowser, serveSite} from "../browser.js";

/**
 * What Lighthouse says of each page of a built site (`dist/` unless another directory is given): a table of scores, what
 * they lack, and 1 as exit status unless all are 100. A package of its own, as it is large and no build needs it.
 */

const directory = process.argv[2] ?? join(import.meta.dirname, "../../dist");
const cli = join(import.meta.dirname, "node_modules/lighthouse/cli/index.js");
const categories = ["accessibility", "best-practices", "seo"] as const;

interface Report {
  readonly categories: Readonly<
    Record<string, {readonly score: number | null; readonly auditRefs: readonly {id: string; weight: number}[]}>
  >;
  readonly audits: Readonly<Record<string, {readonly score: number | null; readonly title: string}>>;
  readonly runtimeError?: {readonly message: string};
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const {port} = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function reportOn(url: string, port: number): Promise<Report> {
  const options = [`--port=${port}`, `--only-categories=${categories.join(",")}`, "--output=json", "--quiet"];
  const start = {maxBuffer: 64 * 2 ** 20};
  const {stdout} = await promisify(execFile)(process.execPath, [cli, url, ...options], start);
  const report = JSON.parse(stdout) as Report;
  if (report.runtimeError) throw new Error(`${url}: ${report.runtimeError.message}`);
  return report;
}

/** The titles of the audits that keep a category from 100. */
function lacking({categories: scores, audits}: Report, category: string): string[] {
  return scores[category]!.auditRefs.filter(
    ({id, weight}) => weight > 0 && audits[id]!.score !== null && audits[id]!.score < 1
  ).map(({id}) => `  ${category}: ${audits[id]!.title} (${id})`);
}

const write = (line: string) => process.stdout.write(`${line}\n`);
const port = await freePort();
const [server, browser] = await Promise.all([serveSite(directory), launchBrowser([`--remote-debugging-port=${port}`])]);
try {
  const files = (await readdir(directory, {recursive: true})).filter((file) => file.endsWith(".html")).sort();
  write(`| page | ${categories.join(" | ")} |\n| --- |${" --: |".repeat(categories.length)}`);
  const lacks: string[] = [];
  for (const file of files) {
    const path = file.replaceAll("\\", "/").replace(/(^|\/)index\.html$|\.html$/, "$1");
    const report = await reportOn(server.url + path, port);
    const scores = categories.map((category) => Math.round((report.categories[category]!.score ?? 0) * 100));
    write(`| /${path} | ${scores.join(" | ")} |`);
    const own = categories.flatMap((category) => lacking(report, category));
    if (scores.some((score) => score < 100)) lacks.push(`/${path}`, ...own);
  }
  for (const line of lacks) write(line);
  process.exitCode = lacks.length > 0 ? 1 : 0;
} finally {
  await browser.close();
  await server.close();
}
