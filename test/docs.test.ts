import {mkdir, mkdtemp, readFile, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, test} from "vitest";
import type {Command} from "commander";
import {parseAllDocuments} from "yaml";
import {z} from "zod";
import {kinds} from "../loaders/kinds.js";
import {main, programOf} from "../loaders/main.js";
import {readResources} from "../loaders/resources/resource.js";
import {parameters, scales, units} from "../loaders/readings/vocabulary.js";
import {openShell} from "../loaders/commands/shell.js";
import {commitKey, decodeActions} from "../pond/delta.js";
import {mirror} from "../pond/mirror.js";
import {Pond} from "../pond/pond.js";
import {recordColumns} from "../pond/record.js";

/** What the documents show is true. */

const root = join(import.meta.dirname, "..");
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "docs-"));
});
afterAll(() => rm(directory, {recursive: true}));

/** The code blocks of a document in one language, in order. */
async function blocks(document: string, language: string): Promise<string[]> {
  const text = await readFile(join(root, document), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map((match) => match[1]!);
}

interface Written {
  readonly kind: string;
  readonly spec: Record<string, unknown>;
}

interface JsonSchema {
  readonly properties?: Record<string, JsonSchema>;
  readonly items?: JsonSchema;
}

/** The fields of a schema, also those inside lists, as `sites.name`. */
function fieldsOf(schema: JsonSchema, before = ""): string[] {
  const inner = schema.items ?? schema;
  return Object.entries(inner.properties ?? {}).flatMap(([name, field]) => [
    before + name,
    ...fieldsOf(field, `${before}${name}.`)
  ]);
}

function namesIn(value: unknown, before = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => namesIn(item, before));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [before + name, ...namesIn(item, `${before}${name}.`)]);
}

describe("loaders/README.md", () => {
  test("its resources are valid", async () => {
    const folder = join(directory, "kinds");
    await mkdir(folder);
    for (const [index, block] of (await blocks("loaders/README.md", "yaml")).entries()) {
      await writeFile(join(folder, "a.yaml"), block);
      const env = Object.fromEntries([...block.matchAll(/\$\{env:(\w+)/g)].map(([, name]) => [name!, "filled in"]));
      expect((await readResources(folder, kinds, env)).length, `block ${index}`).toBeGreaterThan(0);
    }
  });

  test.each(kinds.map((kind) => [kind.name, kind] as const))(
    "it has a section on %s that shows every field",
    async (name, kind) => {
      const text = await readFile(join(root, "loaders/README.md"), "utf8");
      expect(text).toContain(`\n## ${name}\n`);
      const shown = (await blocks("loaders/README.md", "yaml"))
        .flatMap((block) => parseAllDocuments(block).map((document) => document.toJS() as Written))
        .filter((written) => written.kind === name)
        .flatMap(({spec}) => namesIn(spec));
      const schema = z.toJSONSchema(kind.schema, {io: "input", unrepresentable: "any"}) as JsonSchema;
      expect([...new Set(shown)]).toEqual(expect.arrayContaining(fieldsOf(schema)));
    }
  );

  test.each(kinds.map((kind) => [kind.name, kind] as const))(
    "%s says what it does, and describes its fields",
    (_, kind) => {
      expect(kind.summary).toMatch(/^[A-Z].*\.$/);
      const described = (schema: JsonSchema & {description?: string}, name: string): void => {
        for (const [field, inner] of Object.entries((schema.items ?? schema).properties ?? {})) {
          expect((inner as {description?: string}).description ?? "", `${name}.${field}`).not.toBe("");
          described(inner, `${name}.${field}`);
        }
      };
      described(z.toJSONSchema(kind.schema, {io: "input", unrepresentable: "any"}) as JsonSchema, kind.name);
    }
  );
});

test("the README's way to one's own data leads there", async () => {
  const [csv] = await blocks("README.md", "csv");
  const [yaml] = await blocks("README.md", "yaml");
  const own = join(directory, "own");
  for (const folder of ["data", "resources"]) await mkdir(join(own, folder), {recursive: true});
  await writeFile(join(own, "data/pier.csv"), csv!);
  await writeFile(join(own, "resources/harbour.yaml"), yaml!);
  let said = "";
  const shell = openShell({
    env: {POND: join(own, "pond"), POND_RESOURCES: join(own, "resources"), POND_NOW: "2026-02-28T00:00:00Z"},
    stdout: {write: (text: string | Uint8Array) => (said += text.toString())},
    stderr: {write: (text: string | Uint8Array) => (said += text.toString())}
  });
  expect(await main(["run"], shell), said).toBe(0);
  said = "";
  await main(
    ["cat", "--format", "csv", "--sql", 'SELECT "Surface.DO.mg/L" AS oxygen FROM "/sites/Pier" ORDER BY timestamp'],
    shell
  );
  expect(said).toBe("oxygen\n8.9\n9\n");
});

/** A command's own help, as it prints it at eighty columns. */
function helpOf(command: Command): string {
  return command.configureHelp({helpWidth: 80}).helpInformation() + examplesOf(command);
}

/** What stands below the help. */
function examplesOf(command: Command): string {
  let said = "";
  command.configureOutput({writeOut: (text) => void (said += text)}).outputHelp();
  return said.slice(command.helpInformation().length);
}

test("the reference of commands is what their help says", async () => {
  const {commands} = programOf(openShell());
  const sections = commands.map((command) => `## ${command.name()}\n\n\`\`\`\n${helpOf(command).trim()}\n\`\`\`\n`);
  const intro = "Made from the help of each command: `npx vitest run --config .config/vitest.ts test/docs.test.ts -u`.";
  const page = ["# The commands\n", `${intro}\n`, ...sections].join("\n");
  await expect(page).toMatchFileSnapshot(join(root, "loaders/commands/README.md"));
});

test("the guide lists the units and the names of parameters that are known", async () => {
  const guide = await readFile(join(root, "loaders/README.md"), "utf8");
  const [, section] = /^## Units and parameters$(.*?)^## /ms.exec(guide)!;
  const spelled = (names: string) => {
    const [first, ...others] = names.split(" ").map((name) => `\`${name}\``);
    return others.length === 0 ? first! : `${first} (${others.join(" ")})`;
  };
  const rowOf = (of: string, list: readonly string[]) => [of, list.map(spelled).join(", ")];
  const groups = Object.entries(units).map(([of, list]) =>
    rowOf(
      of,
      list.map(([names]) => names)
    )
  );
  const rows = [...section!.matchAll(/^\| +([^-].*?) +\| +(.+?) +\|$/gm)].map(([, of, list]) => [of, list]);
  const quoted = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
  const names = parameters.map(([names, toldIn]) => [quoted(names), toldIn.join(", ")]);
  const known = [["of", "units"], ...groups, rowOf("itself alone", scales)];
  expect(rows).toEqual([...known, ["one parameter", "told in"], ...names]);
});

test("the two commands of the README are those that CI runs", async () => {
  const commands = (await blocks("README.md", "sh"))[0]!;
  const script = await readFile(join(root, ".ci/run"), "utf8");
  for (const command of ["npm ci", "npm run build", "npm test"]) {
    expect(commands).toContain(command);
    expect(script).toContain(`\n${command}\n`);
  }
});

describe("pond/README.md", () => {
  test("its samples have the fields of real files", async () => {
    const pond = await Pond.init(join(directory, "format"));
    await pond.transaction({command: "test"}, (tx) => tx.write("/notes/a.txt", "x", {parents: true}));
    await mirror(pond, "/notes", join(directory, "mirrored"));
    const [first, second] = [
      decodeActions(await pond.store.get(commitKey(0))),
      decodeActions(await pond.store.get(commitKey(1)))
    ];
    await pond.close();
    const manifest = JSON.parse(await readFile(join(directory, "mirrored/.pond-mirror.json"), "utf8")) as object;
    const samples = (await blocks("pond/README.md", "json")).flatMap((block) => block.trim().split(/\n(?=\{)/));
    const shapes = samples.map((sample) => shapeOf(JSON.parse(sample) as object));
    expect(shapes).toEqual([first[1]!, first[2]!, second[0]!, second[1]!, manifest].map(shapeOf));
  });

  test("it tells every column of a record and every code of an error", async () => {
    const text = await readFile(join(root, "pond/README.md"), "utf8");
    const told = (pattern: RegExp) =>
      [...text.matchAll(pattern)].flatMap(([line]) => line.split("|")[1]!.match(/\w+/g)!);
    const columns = told(/^\| `[a-z_0-9`, ]+ +\| (string|long|binary|timestamp).*$/gm);
    expect(columns).toEqual(recordColumns.map(({name}) => name));
    const codes = [...(await readFile(join(root, "pond/error.ts"), "utf8")).matchAll(/^ {2}\| "(\w+)"/gm)];
    expect(told(/^\| `[A-Z_`, ]+ +\|.*$/gm).sort()).toEqual(codes.map(([, code]) => code).sort());
  });
});

/** The names of an object's fields, and of those of what it holds. */
function shapeOf(value: object): unknown {
  return Object.entries(value).map(([name, inner]) => [name, isPlain(inner) ? Object.keys(inner) : ""]);
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

test("links between the documents lead to files", async () => {
  for (const document of [
    "README.md",
    "CONTRIBUTING.md",
    "loaders/README.md",
    "loaders/commands/README.md",
    "pond/README.md"
  ]) {
    const text = await readFile(join(root, document), "utf8");
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)\)/g))
      await expect(readFile(join(root, document, "..", target!)), `${document}: ${target}`).resolves.toBeDefined();
  }
});
