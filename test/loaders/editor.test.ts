import {execFileSync} from "node:child_process";
import {existsSync} from "node:fs";
import {readFile} from "node:fs/promises";
import {join} from "node:path";
import Ajv from "ajv";
import {describe, expect, test} from "vitest";
import {parse, parseAllDocuments} from "yaml";
import {z} from "zod";
import {editorSchema} from "../../loaders/resources/editor.js";
import {exampleOf} from "../../loaders/resources/guide.js";
import {kinds} from "../../loaders/kinds.js";
import {secret} from "../../loaders/resources/secret.js";
import type {Kind} from "../../loaders/types.js";

/** What editors are told of resources. */

const root = join(import.meta.dirname, "../..");

/** What is wrong with a document, as an editor would see it. */
function judge(document: unknown, among: readonly Kind[] = kinds): readonly string[] {
  const ajv = new Ajv({allErrors: true, logger: false});
  const isValid = ajv.validate(editorSchema(among), document) as boolean;
  return isValid ? [] : ajv.errors!.map(({dataPath, message}) => `${dataPath} ${message}`);
}

function resource(kind: string, spec: object): object {
  return {apiVersion: "duckpond/v1", kind, metadata: {name: "x"}, spec};
}

/** Files of this project that hold resources. */
function resourceFiles(): readonly string[] {
  const list = execFileSync("git", ["ls-files", "-z", "resources"], {cwd: root}).toString().split("\0");
  return list.filter((file) => file.endsWith(".yaml"));
}

test("the schema that is kept for editors is what pond kinds --schema prints", async () => {
  const text = `${JSON.stringify(editorSchema(kinds), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot(join(root, "resources/schema.json"));
});

test("each document of this project leads editors to it, and is right by it", async () => {
  expect(resourceFiles()).toContain("resources/harbour.yaml");
  for (const file of resourceFiles()) {
    const text = await readFile(join(root, file), "utf8");
    for (const document of text.split(/^---$/m)) {
      const [, path] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(document) ?? [];
      expect(path, document.slice(0, 80)).toBeDefined();
      expect(existsSync(join(root, file, "..", path!)), path).toBe(true);
    }
    for (const document of parseAllDocuments(text)) expect(judge(document.toJS())).toEqual([]);
  }
});

test.each(kinds.map(({name}) => [name]))("%s as the guide shows it is right by the schema", async (name) => {
  expect(judge(parse((await exampleOf(name))!))).toEqual([]);
});

describe("what is wrong is marked", () => {
  test.each([
    ["a kind", {...resource("Inbx", {}), spec: {}}, ".kind should be equal to one of the allowed values"],
    ["a field", resource("Inbox", {files: "x", into: "/a", tiem: "t"}), ".spec should NOT have additional properties"],
    ["a field that is missing", resource("Inbox", {files: "x"}), ".spec should have required property 'into'"],
    ["a spec that is missing", {...resource("Inbox", {}), spec: undefined}, " should have required property 'spec'"],
    ["a type", resource("Simulator", {seed: "one"}), ".spec.seed should be integer"],
    [
      "a word",
      resource("Rename", {input: "/a", output: "/b", columns: [{from: "a", to: "b"}], others: "lose"}),
      ".spec.others should be equal to one of the allowed values"
    ],
    ["a pattern", resource("Reduce", {input: "in", output: "/b"}), '.spec.input should match pattern "^\\/.*"'],
    ["a list", resource("Combine", {output: "/a", scopes: {}}), ".spec.scopes should be array"],
    ["the head", {...resource("Simulator", {}), metadata: {name: "a/b"}}, /^\.metadata\.name should match pattern/]
  ] as const)("%s", (_, document, expected) => {
    const told = judge(document);
    expect(told).toContainEqual(typeof expected === "string" ? expected : expect.stringMatching(expected));
  });
});

test("the environment may be named in text, but for kinds that are computed, and must be for secrets", () => {
  expect(judge(resource("Inbox", {files: "${env:DIR}/*.csv", into: "${env:INTO:-/in}/$0"}))).toEqual([]);
  expect(judge(resource("Reduce", {input: "${env:IN}", output: "/b"}))).not.toEqual([]);
  const vault: Kind = {name: "Vault", summary: "Has one.", schema: z.strictObject({key: secret()})};
  expect(judge(resource("Vault", {key: "${env:KEY}"}), [vault])).toEqual([]);
  for (const key of ["hunter2", "${env:KEY:-hunter2}", "x${env:KEY}"])
    expect(judge(resource("Vault", {key}), [vault]), key).not.toEqual([]);
});

test("patterns that mind no case are left to the program", () => {
  const derive = (sql: string) => resource("Derive", {output: "/a", inputs: {x: "/x"}, sql});
  for (const sql of ["SELECT 1", "select 1", "From x"]) expect(judge(derive(sql)), sql).toEqual([]);
});
