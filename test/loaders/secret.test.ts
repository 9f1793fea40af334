import {writeFile} from "node:fs/promises";
import {join} from "node:path";
import fc from "fast-check";
import {expect, test} from "vitest";
import {z} from "zod";
import {readResources} from "../../loaders/resources/resource.js";
import {secret} from "../../loaders/resources/secret.js";
import type {Kind} from "../../loaders/types.js";
import {temporaryDirectory} from "./memory.js";

/** A secret stands in the environment, and nowhere else. */

const account = z.strictObject({user: z.string().describe("who"), password: secret().describe("of the account")});

const vault: Kind = {
  name: "Vault",
  summary: "Has secrets wherever there can be any.",
  schema: z
    .strictObject({
      key: secret().optional(),
      accounts: z.array(account).default([]),
      byName: z.record(z.string(), account).default({}),
      either: z.union([z.number(), z.strictObject({token: secret()})]).optional()
    })
    .refine(({accounts}) => accounts.length < 2, "one account is enough")
};

const head = "apiVersion: duckpond/v1\nkind: Vault\nmetadata: {name: v}\nspec:\n";

async function read(spec: string, env: Record<string, string> = {}) {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "a.yaml"), `${head}${spec}\n`);
  return readResources(directory, [vault], env);
}

/** What is wrong, each without the directory before it. */
async function problems(spec: string, env: Record<string, string> = {}): Promise<readonly string[]> {
  const error: unknown = await read(spec, env).catch((error: unknown) => error);
  return (error as Error).message.split("\n").map((line) => line.replace(/^\S*a\.yaml:/, ""));
}

test("a reference is filled in for the kind, and kept as it is written", async () => {
  const [resource] = await read("  key: ${env:KEY}\n  accounts: [{user: ann, password: '${env:PASS}'}]", {
    KEY: "k-1",
    PASS: "p-2"
  });
  expect(resource!.spec).toMatchObject({key: "k-1", accounts: [{user: "ann", password: "p-2"}]});
  expect(resource!.source).toEqual({key: "${env:KEY}", accounts: [{user: "ann", password: "${env:PASS}"}]});
});

const refusal = "is a secret, which may not be written here: write ${env:NAME}, and set NAME in the environment.";

test.each([
  ["a literal", "  key: hunter2", `5:8: spec.key ${refusal}`],
  ["a number", "  key: 4711", `5:8: spec.key ${refusal}`],
  ["nothing", "  key:", `5:7: spec.key ${refusal}`],
  ["a default, which is a literal", "  key: '${env:KEY:-hunter2}'", `5:8: spec.key ${refusal}`],
  ["a part of it", "  key: 'hunter${env:KEY}'", `5:8: spec.key ${refusal}`],
  ["two in one", "  key: '${env:KEY}${env:KEY}'", `5:8: spec.key ${refusal}`],
  ["what only looks like one", "  key: '$${env:KEY}'", `5:8: spec.key ${refusal}`],
  ["in a list", "  accounts: [{user: a, password: hunter2}]", `5:34: spec.accounts[0].password ${refusal}`],
  ["by any name", "  byName: {x: {user: a, password: hunter2}}", `5:35: spec.byName.x.password ${refusal}`],
  ["one of two forms", "  either: {token: hunter2}", `5:19: spec.either.token ${refusal}`]
])("%s is refused, and not told", async (_, spec, expected) => {
  expect(await problems(spec, {KEY: "k"})).toEqual([expected]);
});

test("one that the environment lacks is told, without the advice to write a default", async () => {
  expect(await problems("  key: ${env:KEY}")).toEqual([
    "5:8: spec.key is ${env:KEY}, which the environment does not have: set it there."
  ]);
  expect(await problems("  key: ${env:KEY}", {KEY: ""})).toEqual([
    '5:8: spec.key is "${env:KEY}": it must have at least 1 character.'
  ]);
});

test("what is wrong around a secret is told without it", async () => {
  const both = "  accounts: [{user: a, password: '${env:KEY}'}, {user: b, password: '${env:KEY}'}]";
  expect((await problems(both, {KEY: "hunter2"})).join()).not.toContain("hunter2");
  expect(await problems("  accounts: {user: a, password: hunter2}")).toEqual([
    '5:13: spec.accounts is {"user":"a","password":"…"}: it must be a list.'
  ]);
});

test("no literal of a secret ever gets into a sentence", async () => {
  const word = fc.stringMatching(/^[A-Za-z0-9*!&%@${}:-]{6,16}$/);
  const form = fc.constantFrom(
    (text: string) => `  key: ${text}`,
    (text: string) => `  key: ${JSON.stringify(text)}`,
    (text: string) => `  key: [${text}]`,
    (text: string) => `  key: {a: ${text}}`,
    (text: string) => `  either: {token: ${text}}`,
    (text: string) => `  either: {token: ${text}, more: 1}`,
    (text: string) => `  accounts: {user: a, password: ${text}}`,
    (text: string) => `  byName: [{password: {a: ${text}}}]`,
    (text: string) => `  accounts: [{user: 5, password: ${text}}]`,
    (text: string) => `  byName: {x: {usr: a, password: ${text}}}`
  );
  await fc.assert(
    fc.asyncProperty(word, form, async (text, write) => {
      const told = (await problems(write(text))).join("\n");
      expect(told).not.toBe("");
      expect(told).not.toContain(text);
    }),
    {numRuns: 200}
  );
});
