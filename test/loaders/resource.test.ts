import {mkdir, symlink, writeFile} from "node:fs/promises";
import {join, relative} from "node:path";
import fc from "fast-check";
import {expect, test} from "vitest";
import {parse} from "yaml";
import {kinds} from "../../loaders/kinds.js";
import {exampleOf} from "../../loaders/resources/guide.js";
import {readResources, ResourceError} from "../../loaders/resources/resource.js";
import type {Resource} from "../../loaders/types.js";
import {nearest} from "../../loaders/word.js";
import {timeFormat} from "../../loaders/time/format.js";
import {literal} from "../../pond/duck.js";
import {openDuck, temporaryDirectory} from "./memory.js";

type Env = Record<string, string>;

async function read(files: Record<string, string | Uint8Array>, env: Env = {}): Promise<readonly Resource[]> {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "resources"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, "resources", name), text);
  return readResources(join(directory, "resources"), kinds, env);
}

/** The problems of one file, without the directory before its name. */
async function problemsOf(text: string | Uint8Array, env: Env = {}): Promise<readonly string[]> {
  return problemsIn({"a.yaml": text}, env);
}

async function problemsIn(files: Record<string, string | Uint8Array>, env: Env = {}): Promise<readonly string[]> {
  const error = await read(files, env).then(
    () => undefined,
    (error: unknown) => error
  );
  expect(error).toBeInstanceOf(ResourceError);
  const {problems, message} = error as ResourceError;
  expect(message).toBe(problems.join("\n"));
  return problems.map((problem) => problem.replace(/(^|\s)\S*\/(?=\w+\.yaml:)/g, "$1"));
}

const inbox = `apiVersion: duckpond/v1
kind: Inbox
metadata: {name: files}
spec:
  files: data/*.csv
  into: /in/$0
`;

test("several documents in several files, in the order of their names, with defaults filled in", async () => {
  const second = "apiVersion: duckpond/v1\nkind: Simulator\nmetadata: {name: sea, description: Salt.}\n";
  const resources = await read({"b.yml": inbox, "a.yaml": `# a comment\n---\n${second}---\n`, "c.txt": "no"});
  expect(resources.map(({kind, name, description}) => [kind, name, description])).toEqual([
    ["Simulator", "sea", "Salt."],
    ["Inbox", "files", ""]
  ]);
  expect(resources[0]!.spec).toMatchObject({seed: 1, into: "/instruments", sites: [{name: "basin"}, {}, {}]});
  expect(resources[0]!.source).toEqual({});
  expect(resources[1]!.spec).toEqual({files: "data/*.csv", into: "/in/$0", timeZone: "UTC"});
  expect(resources[0]!.place).toMatchObject({line: 3, column: 1});
});

test("the environment fills the spec, and the source keeps its name", async () => {
  const text = inbox.replace("data/*.csv", () => "${env:DIR}/${env:NAME:-x}-$$0-*.csv");
  const [resource] = await read({"a.yaml": text}, {DIR: "/data", NAME: ""});
  expect(resource!.spec).toMatchObject({files: "/data/x-$0-*.csv"});
  expect(resource!.source).toMatchObject({files: "${env:DIR}/${env:NAME:-x}-$$0-*.csv"});
});

const specs: Readonly<Record<string, string>> = {
  Validate: "  interval: 1h\n",
  Correct: "  corrections: [{parameter: T, offset: 1}]\n",
  Reduce: ""
};

test.each([
  [
    "an unset variable",
    inbox.replace("data/", "${env:DIR}/"),
    "5:10: the environment has no DIR: set it, or write ${env:DIR:-default} for a default."
  ],
  [
    "a misspelt reference",
    inbox.replace("data/", "${evn:DIR}/"),
    "5:10: after ${ comes env:NAME: write ${env:NAME}, or $$ for a dollar sign."
  ],
  [
    "an environment where a directory is computed",
    "apiVersion: duckpond/v1\nkind: Reduce\nmetadata: {name: all}\nspec: {input: '${env:IN}', output: /out}\n",
    "4:15: what is computed is the same whoever reads it, and so names no environment (${env:IN}): write the value itself."
  ],
  [
    "a misspelt kind",
    inbox.replace("Inbox", "Inbx"),
    `2:7: there is no kind "Inbx" (did you mean Inbox?); the kinds are ${kinds.map(({name}) => name).join(", ")}.`
  ],
  [
    "a misspelt field",
    inbox.replace("files: data", "fiels: data"),
    '5:3: there is no field "fiels" here (did you mean files?); the fields are files, into, time, timeFormat, timeZone, decimal, missing, parameter, value, unit, scope.',
    "5:3: the field spec.files is missing: it must be text."
  ],
  [
    "a field that belongs nowhere",
    inbox.replace("{name: files}", "{name: files, labels: {}}"),
    '3:25: there is no field "labels" here; the fields are name, description, uuid.'
  ],
  [
    "another version",
    inbox.replace("v1", "v2"),
    '1:13: apiVersion is "duckpond/v2": it may be "duckpond/v1" (did you mean duckpond/v1?).'
  ],
  [
    "a name that cannot be a path",
    inbox.replace("name: files", "name: a/b"),
    '3:18: metadata.name is "a/b": write letters, digits, dots, dashes and underscores.'
  ],
  [
    "a time zone that is none",
    `${inbox}  timeZone: America/Los_Angels\n`,
    '7:13: spec.timeZone is "America/Los_Angels": write a name of the IANA list, such as America/Los_Angeles (did you mean America/Los_Angeles?).'
  ],
  [
    "a capture of no wildcard",
    inbox.replace("$0", "$1"),
    '6:9: spec.into is "/in/$1": there is no $1, since data/*.csv has 1 wildcard (the first is $0).'
  ],
  [
    "a pattern that is not closed",
    inbox.replace("*.csv", "{a,b.csv"),
    '5:10: spec.files is "data/{a,b.csv": close what is opened: a [ by a ], a { by a }.'
  ],
  [
    "a path of the host where one of the pond belongs",
    inbox.replace("into: /in", "into: in"),
    '6:9: spec.into is "in/$0": write a path of the pond, such as /inbox/$0.'
  ],
  [
    "the wrong type, the wrong size, deep inside",
    "apiVersion: duckpond/v1\nkind: Simulator\nmetadata: {name: sea}\nspec:\n  seed: 1.5\n  sites:\n    - {name: a, depth: -3, river: 2, shelter: no}\n",
    "5:9: spec.seed is 1.5: it must be a whole number.",
    "7:24: spec.sites[0].depth is -3: it must be at least 2.",
    "7:35: spec.sites[0].river is 2: it must be at most 1.",
    '7:47: spec.sites[0].shelter is "no": it must be a number.'
  ],
  [
    "a list that is empty",
    "apiVersion: duckpond/v1\nkind: Combine\nmetadata: {name: a}\nspec: {output: /a, scopes: []}\n",
    "4:28: spec.scopes is []: it must have at least 1 entry."
  ],
  [
    "a misspelt word of several",
    "apiVersion: duckpond/v1\nkind: Reduce\nmetadata: {name: a}\nspec: {input: /a, output: /b, statistics: [avgg]}\n",
    /^4:44: spec\.statistics\[0\] is "avgg": it may be .*"avg".* \(did you mean avg\?\)\.$/
  ],
  [
    "a page of the site that cannot be",
    "apiVersion: duckpond/v1\nkind: Dashboard\nmetadata: {name: a}\nspec:\n  title: ''\n  sites:\n    - {name: a, dataset: /a, position: [39.4, -123.8]}\n",
    '5:10: spec.title is "": it must have at least 1 character.',
    "7:47: spec.sites[0].position[1] is -123.8: it must be at least -90."
  ],
  [
    "two sites of one name",
    "apiVersion: duckpond/v1\nkind: Dashboard\nmetadata: {name: a}\nspec:\n  title: A\n  sites: [{name: a, dataset: /a}, {name: a, dataset: /b}]\n",
    '6:10: spec.sites is [{"name":"a","dataset":"/a"},{"name":"a","dataset":"/b"}]: two sites have one name.'
  ],
  ["no group of fields", "just words\n", "1:1: this is no resource: write apiVersion, kind, metadata and spec."],
  ["no YAML", "kind: [Inbox\n", /^\d:\d+: this is not YAML: flow sequence/],
  ["a field twice", `${inbox}  into: /other\n`, '7:3: the field "into" stands here twice: take one away.'],
  [
    "a whole part twice",
    `${inbox}spec: {files: more/*.csv, into: /more/$0}\n`,
    '7:1: the field "spec" stands here twice: take one away.'
  ],
  [
    "captures that a pattern does not have",
    "apiVersion: duckpond/v1\nkind: Rename\nmetadata: {name: a}\nspec:\n  input: /a/*\n  output: /b/$1\n  columns: [{from: '* T', to: $1.C}]\n",
    '6:11: spec.output is "/b/$1": there is no $1, since /a/* has 1 wildcard (the first is $0).',
    '7:31: spec.columns[0].to is "$1.C": there is no $1, since * T has 1 wildcard (the first is $0).'
  ],
  ...["Validate", "Correct", "Reduce"].map((kind): [string, string, string] => [
    `captures for the output of ${kind}`,
    `apiVersion: duckpond/v1\nkind: ${kind}\nmetadata: {name: a}\nspec:\n  output: /b/$0\n  input: /a\n${specs[kind]!}`,
    '5:11: spec.output is "/b/$0": there is no $0, since /a has no wildcard.'
  ]),
  [
    "captures for a neighbour",
    `apiVersion: duckpond/v1\nkind: Validate\nmetadata: {name: a}\nspec: {input: /a, output: /b, interval: 1h, tests: [{parameter: T, neighbour: {series: /c/$0, fail: 1}}]}\n`,
    '4:88: spec.tests[0].neighbour.series is "/c/$0": there is no $0, since /a has no wildcard.'
  ],
  [
    "captures that tell the columns of a Pivot apart",
    "apiVersion: duckpond/v1\nkind: Pivot\nmetadata: {name: a}\nspec: {input: /a/*, output: /b, parameter: T, name: $1}\n",
    '4:53: spec.name is "$1": there is no $1, since /a/* has 1 wildcard (the first is $0).'
  ],
  [
    "an alias of nothing, which is not told, for it may be a password",
    inbox.replace("data/*.csv", "*nothing"),
    "5:10: this is an alias of nothing: put text with a * in quotes."
  ],
  [
    "an alias of the list that it stands in",
    "apiVersion: duckpond/v1\nkind: Simulator\nmetadata: {name: a}\nspec: {sites: &a [*a]}\n",
    "4:19: this is an alias of what it stands in, which would never end: write what is meant."
  ],
  [
    "an alias of a group that it stands deep in",
    "apiVersion: duckpond/v1\nkind: Inbox\nmetadata: {name: a}\nspec: &s {files: x, into: /a, foo: {bar: [1, *s]}}\n---\nkind: 5\n",
    "4:46: this is an alias of what it stands in, which would never end: write what is meant.",
    /^6:1: the field apiVersion is missing/,
    /^6:1: the field metadata is missing/,
    /^6:7: there is no kind "5"/
  ],
  [
    "a merge of fields",
    `${inbox.replace("spec:", "spec: &first")}---\n${inbox.replace("name: files", "name: more").replace("  into", "  <<: *first\n  into")}`,
    "13:3: << merges nothing here: write the fields of the other group out."
  ],
  [
    "a tag, likewise",
    inbox.replace("data/*.csv", "!nothing"),
    "5:10: this is a tag, which says nothing here: put text with a ! in quotes."
  ],
  [
    "a second resource without a line between",
    inbox + inbox.replace("{name: files}", "{name: more}"),
    "7:1: a second resource begins: write a line --- before it."
  ],
  ["a name that is no text", inbox.replace("into:", "? [into]\n  :"), "6:5: a field's name must be text."],
  ["a tab", inbox.replace("  files", "\tfiles"), "5:1: this is not YAML: tabs are not allowed as indentation."],
  ["no kind", inbox.replace("kind: Inbox\n", ""), /^1:1: the field kind is missing; the kinds are Simulator, /],
  ["a kind that is no text", inbox.replace("Inbox", "5"), /^2:7: there is no kind "5"; the kinds are Simulator, /],
  [
    "a misspelt spec, whose fields are not missing",
    inbox.replace("spec:", "spce:"),
    '4:1: there is no field "spce" here (did you mean spec?); the fields are apiVersion, kind, metadata, spec.'
  ],
  [
    "no spec",
    inbox.slice(0, inbox.indexOf("spec:")),
    "1:1: the field spec.files is missing: it must be text.",
    "1:1: the field spec.into is missing: it must be text."
  ],
  ["a field without a value", inbox.replace("data/*.csv", ""), "5:10: spec.files is empty: it must be text."],
  [
    "a number where text belongs",
    inbox.replace("name: files", "name: 12"),
    "3:18: metadata.name is 12: it must be text; put it in quotes."
  ],
  [
    "text where a number belongs",
    "apiVersion: duckpond/v1\nkind: Simulator\nmetadata: {name: a}\nspec: {seed: '5'}\n",
    '4:14: spec.seed is "5": it must be a number; take the quotes away.'
  ],
  [
    "the environment where a number belongs",
    "apiVersion: duckpond/v1\nkind: Simulator\nmetadata: {name: a}\nspec: {seed: '${env:X:-5}'}\n",
    '4:14: spec.seed is "${env:X:-5}": it must be a number, and what the environment holds is text; write the number itself.'
  ],
  [
    "a number that is none, and one that is too large to be exact, as they are written",
    "apiVersion: duckpond/v1\nkind: Simulator\nmetadata: {name: a}\nspec: {seed: 99999999999999999999, sites: [{name: a, depth: .nan, river: 0, shelter: 0}]}\n",
    "4:14: spec.seed is 99999999999999999999: it must be at most 9007199254740991.",
    "4:61: spec.sites[0].depth is .nan: it must be a number."
  ],
  [
    "one word where a list belongs",
    "apiVersion: duckpond/v1\nkind: Reduce\nmetadata: {name: a}\nspec: {input: /a/*, output: /b/$0, resolutions: 1h}\n",
    '4:49: spec.resolutions is "1h": it must be a list, such as [1h].'
  ],
  [
    "a list where a group belongs, and text where one does",
    "apiVersion: duckpond/v1\nkind: Derive\nmetadata: {name: a}\nspec: {output: /a, inputs: [/x], sql: FROM x}\n---\napiVersion: duckpond/v1\nkind: Combine\nmetadata: {name: a}\nspec: {output: /a, scopes: [{name: S, inputs: [/x]}]}\n",
    '4:28: spec.inputs is ["/x"]: it must be a group of fields.',
    '9:48: spec.scopes[0].inputs[0] is "/x": it must be a group of fields.'
  ],
  [
    "a name that cannot be, in a group of any names",
    "apiVersion: duckpond/v1\nkind: Derive\nmetadata: {name: a}\nspec: {output: /a, inputs: {bad-name: /x}, sql: FROM x}\n",
    '4:29: the name "bad-name" in spec.inputs cannot be: write a name of letters, digits and _.'
  ],
  [
    "a field that is misspelt in a list in a list",
    "apiVersion: duckpond/v1\nkind: Combine\nmetadata: {name: a}\nspec:\n  output: /a\n  scopes:\n    - name: S\n      inputs: [{serie: /a}]\n",
    '8:17: there is no field "serie" here (did you mean series?); the fields are series, from, to.',
    "8:16: the field spec.scopes[0].inputs[0].series is missing: it must be text."
  ],
  [
    "fields as they were called before",
    "apiVersion: duckpond/v1\nkind: Combine\nmetadata: {name: a}\nspec:\n  output: /a\n  scopes:\n    - name: S\n      inputs: [{series: /a, begin: 2026-01-01T00:00Z, stop: x}]\n",
    '8:29: there is no field "begin" here (it is called from now); the fields are series, from, to.',
    '8:55: there is no field "stop" here; the fields are series, from, to.'
  ],
  [
    "a field that has to be there, as it was called before",
    "apiVersion: duckpond/v1\nkind: Manual\nmetadata: {name: a}\nspec:\n  annotations:\n    into: /a\n    rows: [{kind: outage, series: /a, begin: 2026-01-01, text: x}]\n",
    '7:39: there is no field "begin" here (it is called from now); the fields are kind, series, parameter, from, to, flag, offset, unit, text.'
  ],
  [
    "what is no URL",
    "apiVersion: duckpond/v1\nkind: Dashboard\nmetadata: {name: a}\nspec: {title: T, sites: [{name: a, dataset: /a}], licence: {name: x, url: nope}}\n",
    '4:75: spec.licence.url is "nope": it must be a URL such as https://example.org/.'
  ],
  [
    "a pattern of the pond that is not closed",
    "apiVersion: duckpond/v1\nkind: Combine\nmetadata: {name: a}\nspec: {output: /a, scopes: [{name: S, inputs: [{series: '/in/[a'}]}]}\n",
    /^4:57: the pattern \/in\/\[a has a \[ that is .*\.$/
  ]
] as [string, string, ...(string | RegExp)[]][])("%s is told with its place", async (_, text, ...expected) => {
  const problems = await problemsOf(text);
  const told = problems.map((problem) => problem.replace("a.yaml:", ""));
  expect(told).toHaveLength(expected.length);
  for (const [index, sentence] of expected.entries())
    if (typeof sentence === "string") expect(told[index]).toBe(sentence);
    else expect(told[index]).toMatch(sentence);
});

test("everything wrong is told at once: head, spec and environment, in every document", async () => {
  const text = inbox.replace("v1", "v3").replace("/in/$0", "in").replace("data/", "${env:NONE}/");
  const problems = await problemsOf(`${text}  tiem: x\n---\n${inbox.replace("Inbox", "Outbox")}`);
  const places = problems.map((problem) => /^a\.yaml:(\d+:\d+)/.exec(problem)![1]);
  expect(places).toEqual(["1:13", "5:10", "7:3", "6:9", "10:7"]);
});

test.each([
  [
    "Reduce",
    "suspect: maybe, input: /in/*, output: /red/$3, resolutions: [1h, 60m], statistics: [coverage]",
    ["suspect", "output", "resolutions", "statistics"]
  ],
  ["Reduce", "suspect: maybe, input: /in/*, output: /in/$0", ["suspect", "output"]],
  ["Reduce", "timeZone: Mars, input: /in/*, output: /red/$3, resolutions: 5", ["timeZone", "output", "resolutions"]],
  [
    "Validate",
    "input: /in/*, output: /v/$7, interval: 5, tests: [{parameter: T, neighbour: {series: /n/$8, fail: 1}}]",
    ["interval", "output", "tests[0].neighbour.series"]
  ],
  [
    "Validate",
    "input: /in/*, output: 5, interval: 1h, tests: [{parameter: T, flatLine: {fail: 1h}}, {parameter: 5, neighbour: {series: /n/$8, fail: 1}}]",
    ["output", "tests[0].flatLine", "tests[1].parameter", "tests[1].neighbour.series"]
  ],
  [
    "Rename",
    "input: /in/*, output: /in/$0, others: all, columns: [{from: a, to: $0}]",
    ["others", "output", "columns[0].to"]
  ],
  ["Correct", "input: /in/*, output: /c/$1, corrections: 5", ["output", "corrections"]],
  ["Pivot", "input: /in/*, output: 5, parameter: T, name: $1", ["output", "name"]],
  ["Inbox", "files: '[', into: /in, missing: 5", ["files", "missing"]],
  [
    "Dashboard",
    "title: 5, sites: [{name: a, dataset: /a}], parameters: [{name: T, label: T, thresholds: [{value: 1, label: x, side: above, sites: [b]}]}]",
    ["title", "parameters[0].thresholds[0].sites"]
  ]
])("of a %s in which each field may be wrong by itself, each is told: %s", async (kind, spec, fields) => {
  const problems = await problemsOf(`apiVersion: duckpond/v1\nkind: ${kind}\nmetadata: {name: a}\nspec: {${spec}}\n`);
  const told = problems.map((problem) => /spec\.([^ ]+) is /.exec(problem)![1]!);
  expect(told.sort()).toEqual([...fields].sort());
});

test("a second resource of a kind and name is told while other things are wrong, and once for each", async () => {
  const wrong = inbox.replace("into: /in", "into: in");
  const told = (await problemsOf(`${wrong}---\n${inbox}---\n${wrong}`)).filter((problem) =>
    problem.includes("already")
  );
  expect(told).toEqual([
    "a.yaml:8:1: there is already a resource Inbox/files, at a.yaml:1:1: rename one.",
    "a.yaml:15:1: there is already a resource Inbox/files, at a.yaml:1:1: rename one."
  ]);
});

test("a file in another encoding than UTF-8 is named, with the place of its first other character", async () => {
  const text = inbox.replace("{name: files}", '{name: files, description: "Café"}');
  expect(await problemsOf(Buffer.from(text, "latin1"))).toEqual([
    "a.yaml:3:42: this is not UTF-8, as YAML is: save the file in that encoding."
  ]);
  expect(await read({"a.yaml": text})).toHaveLength(1);
});

test("a URL is told without who asks and with which password", async () => {
  const cloud = (url: string) =>
    inbox
      .replace("Inbox", "HydroVu")
      .replace(/ {2}files[^]*/, `  {clientId: "\${env:A}", clientSecret: "\${env:A}", url: "${url}"}\n`);
  expect(await problemsOf(cloud("https://ann:p@ss@api.example/x"), {A: "a"})).toEqual([
    expect.stringMatching(/^a\.yaml:5:\d+: spec\.url is "https:\/\/…@api\.example\/x": write https:/)
  ]);
});

test("a path is read as the pond spells it, in every field of every kind, and kept as it is written", async () => {
  const spelled = (text: string) =>
    text.replace(/([: \[])\/(?=[a-z])/g, "$1//").replace(/(?<=\/\w+)(?=[,}\]]|$)/gm, "/");
  const texts = await Promise.all(kinds.map(async ({name}) => (await exampleOf(name))!));
  const changed = kinds.filter((_, index) => spelled(texts[index]!) !== texts[index]).map(({name}) => name);
  expect(changed).toEqual(expect.arrayContaining(["Inbox", "Combine", "Derive", "Validate", "Reduce", "Dashboard"]));
  for (const [index, {name, schema}] of kinds.entries()) {
    if (name === "HydroVu") continue; // which refuses what is not spelled plainly
    const [plain, other] = [texts[index]!, spelled(texts[index]!)].map((text) => (parse(text) as {spec: unknown}).spec);
    expect(schema.parse(other), name).toEqual(schema.parse(plain));
  }
  const [resource] = await read({"a.yaml": inbox.replace("/in/$0", "//in/$0/")});
  expect([resource!.spec, resource!.source]).toMatchObject([{into: "/in/$0"}, {into: "//in/$0/"}]);
  expect(await problemsOf(inbox.replace("/in/$0", '"/in\\0"'))).toEqual([
    'a.yaml:6:9: spec.into is "/in\\u0000": the path "/in\\u0000" holds a NUL.'
  ]);
});

test.each(["foo", "", "https://", "http://exa mple", "${env:NONE}", "${foo}"])(
  "%j is no URL, which is told with its place and with all else",
  async (url) => {
    const text = inbox.replace("Inbox", "HydroVu").replace(/ {2}files[^]*/, `  url: ${JSON.stringify(url)}\n`);
    const problems = await problemsOf(text);
    expect(problems.map((problem) => /^a\.yaml:(5:\d+): (?:the field )?(spec\.\w+)?/.exec(problem)!.slice(1))).toEqual(
      expect.arrayContaining([
        ["5:3", "spec.clientId"],
        ["5:3", "spec.clientSecret"]
      ])
    );
    expect(problems.filter((problem) => problem.startsWith("a.yaml:5:8: "))).toHaveLength(1);
    expect(problems).toHaveLength(3);
  }
);

/** The paths of all that stands in a value. */
function spotsIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  const inner = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return inner.flatMap(([name, one]) => [[...path, name], ...spotsIn(one, [...path, name])]);
}

/** A value with another in a place. */
function withAt(value: unknown, [name, ...rest]: readonly string[], other: unknown): unknown {
  if (name === undefined) return other;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : {...(value as object)}) as Record<string, unknown>;
  copy[name] = withAt(copy[name], rest, other);
  return copy;
}

const anything = [
  "",
  "foo",
  "/",
  "/[",
  "$9",
  "0s",
  "https://",
  "/a\0b",
  "/\ud800",
  -1,
  NaN,
  null,
  true,
  [],
  [null],
  {}
];

test.each(kinds)("whatever stands in a field of $name is judged, and throws nothing", async ({name, schema}) => {
  const {spec} = parse((await exampleOf(name))!) as {spec: unknown};
  const spots = spotsIn(spec);
  expect(spots.length).toBeGreaterThan(3);
  for (const spot of spots)
    for (const value of [...anything, undefined])
      expect(
        () => schema.safeParse(withAt(spec, spot, value)),
        `${spot.join(".")}: ${JSON.stringify(value)}`
      ).not.toThrow();
});

test("two resources of one kind and name are told where they are", async () => {
  expect(await problemsIn({"a.yaml": inbox, "b.yaml": `# twin\n${inbox}`})).toEqual([
    "b.yaml:2:1: there is already a resource Inbox/files, at a.yaml:1:1: rename one."
  ]);
});

test("two resources of one UUID are told where they are", async () => {
  const uuid = "8b0e5f0a-3c54-4b6e-9a50-0d2c9d1f3b11";
  const one = inbox.replace("{name: files}", `{name: files, uuid: ${uuid}}`);
  expect(await problemsOf(`${one}---\n${one.replace("files,", "more,")}`)).toEqual([
    `a.yaml:8:1: there is already a resource with the UUID ${uuid}, at a.yaml:1:1: leave it out of one.`
  ]);
  expect(await problemsOf(inbox.replace("{name: files}", "{name: files, uuid: 12-34}"))).toEqual([
    'a.yaml:3:31: metadata.uuid is "12-34": write a UUID such as the pond keeps.'
  ]);
});

test("a place is relative to where the command runs", async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "x.yaml"), "kind: 5\n");
  const error: unknown = await readResources(directory, kinds, {}).catch((error: unknown) => error);
  expect((error as Error).message).toContain(
    `${relative(process.cwd(), join(directory, "x.yaml"))}:1:7: there is no kind`
  );
});

test("a directory with the name of a file, and a file that is not there, are named with all else", async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "a.yaml"));
  await symlink(join(directory, "gone"), join(directory, "b.yaml"));
  await writeFile(join(directory, "c.yaml"), inbox.replace("Inbox", "Inbx"));
  const error: unknown = await readResources(directory, kinds, {}).catch((error: unknown) => error);
  expect((error as ResourceError).problems.map((problem) => problem.replace(/^.*\//, ""))).toEqual([
    "a.yaml:1:1: this is a directory: give it a name that does not end so.",
    "b.yaml'.",
    expect.stringMatching(/^c\.yaml:2:7: there is no kind "Inbx"/)
  ]);
  expect((error as Error).message).toMatch(/^\S*b\.yaml:1:1: this cannot be read: ENOENT/m);
});

test("a directory without resources says so", async () => {
  const directory = await temporaryDirectory();
  await expect(readResources(directory, kinds, {})).rejects.toThrow(`${directory} holds no resource: put a .yaml file`);
  await writeFile(join(directory, "a.yaml"), "# nothing yet\n");
  await expect(readResources(directory, kinds, {})).rejects.toThrow(`${directory} holds no resource: write one`);
  await expect(readResources(join(directory, "none"), kinds, {})).rejects.toThrow(
    `${join(directory, "none")} cannot be read for resources: ENOENT`
  );
});

test("the resources of this project are valid", async () => {
  const resources = await readResources(join(import.meta.dirname, "../../resources"), kinds, {});
  expect(resources.map(({kind}) => kind)).toEqual([
    "Simulator",
    "Combine",
    "Combine",
    "Combine",
    "Validate",
    "Reduce",
    "Dashboard"
  ]);
});

test("a word with one slip is still known", () => {
  const known = ["Simulator", "Inbox", "Combine", "Reduce", "Dashboard", "timeZone"];
  const slip = fc.constantFrom("swap", "drop", "double");
  fc.assert(
    fc.property(fc.constantFrom(...known), fc.nat(), slip, (word, at, how) => {
      const i = at % (word.length - 1);
      const [a, b] = [word[i]!, word[i + 1]!];
      const pair = {swap: b + a, drop: a, double: a + b + b}[how];
      expect(nearest(word.slice(0, i) + pair + word.slice(i + 2), known)).toBe(word);
    })
  );
  expect(nearest("Kubernetes", known)).toBeUndefined();
});

test("times, formats of times and paths that cannot be are found before anything is applied", async () => {
  const manual = `apiVersion: duckpond/v1
kind: Manual
metadata: {name: visits}
spec:
  timeZone: America/Los_Angeles
  readings:
    into: /sys/resources
    timeFormat: 100%
    rows:
      - {time: 2026-02-30 10:30, values: {DO: 1}}
      - {time: 03/04/2026 10:00, values: {DO: 1}}
      - {time: 2026-03-01 9:30, values: {DO: 1}}
  annotations:
    into: /notes/*
    rows:
      - {kind: remark, series: /in/a, from: 2026-02-30, text: x}
`;
  const form =
    "write s, ms, us or ns since 1970, excel for days as spreadsheets count them, or a format such as %d/%m/%Y %H:%M.";
  const how = "write a path of the pond, such as /manual/pier.";
  expect(await problemsOf(manual)).toEqual([
    `a.yaml:7:11: spec.readings.into is "/sys/resources": what is below /sys is the pond's own; ${how}`,
    `a.yaml:8:17: spec.readings.timeFormat is "100%": % is no part of a time; ${form}`,
    'a.yaml:10:16: spec.readings.rows[0].time is "2026-02-30 10:30": there is no such day or hour.',
    'a.yaml:11:16: spec.readings.rows[1].time is "03/04/2026 10:00": write a time such as 2026-03-01 12:00 or 2026-03-01T12:00Z.',
    `a.yaml:14:11: spec.annotations.into is "/notes/*": it is a pattern, and something is stored at one place; ${how}`,
    'a.yaml:16:45: spec.annotations.rows[0].from is "2026-02-30": there is no such day or hour.'
  ]);
  const zoned = manual
    .replace("/sys/resources", "/hand/a")
    .replace("100%", '"%Y %H"')
    .replace("2026-02-30 10:30", "2026-03-08 02:30")
    .replace("03/04/2026 10:00", "2026-11-01 01:30") // which came twice: the order of rows tells
    .replace("/notes/*", "/notes/a")
    .replace("2026-02-30", "2026-11-01 01:30")
    .concat("      - {kind: remark, series: /in/a, from: 2026-03-02, to: 2026-03-02, text: x}\n");
  expect(await problemsOf(zoned)).toEqual([
    'a.yaml:10:16: spec.readings.rows[0].time is "2026-03-08 02:30": it did not exist in America/Los_Angeles, since clocks were put forward over it.',
    'a.yaml:16:45: spec.annotations.rows[0].from is "2026-11-01 01:30": it came twice in America/Los_Angeles; write its offset behind it.',
    'a.yaml:17:61: spec.annotations.rows[1].to is "2026-03-02": the period is empty: to is not after from.'
  ]);
});

test("a format of times is right where DuckDB takes it for one", async () => {
  const duck = await openDuck();
  const letters = Array.from({length: 94}, (_, index) => String.fromCharCode(33 + index));
  const formats = letters.flatMap((letter) => [`%Y%${letter}`, `%Y%-${letter}`, `%Y%%${letter}`]);
  for (const format of [...formats, "100%", "%", "%Y%", "%Y%%%"]) {
    const asked = duck.rows(`SELECT try_strptime('x', ${literal(format)})`).then(
      () => true,
      () => false
    );
    expect([format, timeFormat.safeParse(format).success]).toEqual([format, await asked]);
  }
  expect(timeFormat.safeParse("100%%").error!.issues[0]!.message).toContain("it has no part of a time; write s, ms,");
});
