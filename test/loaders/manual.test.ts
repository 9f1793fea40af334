import {rm, writeFile} from "node:fs/promises";
import {join, relative} from "node:path";
import process from "node:process";
import {expect, test} from "vitest";
import {annotationsIn} from "../../loaders/series/annotation.js";
import {formatInstant} from "../../loaders/format.js";
import {kinds} from "../../loaders/kinds.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import {instantOf} from "../../loaders/time/wall.js";
import {readings} from "./inbox.js";
import {temporaryDirectory} from "./memory.js";
import {openPond, resource} from "./pond.js";

/** A pond, a directory, and runs of what is typed. */
async function desk() {
  const [pond, root] = [await openPond(), await temporaryDirectory()];
  const yaml = join(root, "hand.yaml");
  return {
    pond,
    yaml,
    named: (name: string) => relative(process.cwd(), join(root, name)),
    put: (name: string, text: string | Uint8Array) => writeFile(join(root, name), text),
    take: (name: string) => rm(join(root, name)),
    run: async (spec: object) => {
      const typed = {...resource("Manual", "hand", spec), place: {file: yaml, line: 1, column: 1}};
      const now = Date.parse("2026-03-10T00:00Z");
      const {rows, commits} = await run(pond, [typed], {now: () => now, env: {}, reporter: silent});
      const {read, stored, notes, errors} = rows[0]!;
      return {read, stored, notes, errors, commit: commits.at(-1)?.version};
    }
  };
}

const pier = {
  timeZone: "America/Los_Angeles",
  readings: {
    into: "/hand/pier",
    rows: [
      {time: "2026-03-01 10:30", values: {"Secchi depth.m": 3.5, "DO.mg/L": 9.25}},
      {time: "2026-03-02T10:30Z", values: {"Secchi depth.m": 4}}
    ]
  }
};

const stored = [
  {time: "2026-03-01T18:30:00.000Z", "Secchi depth.m": 3.5, "DO.mg/L": 9.25},
  {time: "2026-03-02T10:30:00.000Z", "Secchi depth.m": 4, "DO.mg/L": null}
];

test("readings typed into the YAML are a series, and typing nothing new adds no transaction", async () => {
  const {pond, run} = await desk();
  expect(await run(pier)).toMatchObject({read: 2, stored: 2, errors: []});
  expect(await readings(pond, "/hand/pier")).toEqual(stored);
  const columns = await (await (await pond.fs()).series("/hand/pier")).columns();
  expect(columns[1]!.attributes).toEqual({instrument: "pier", parameter: "DO", unit: "mg/L"});
  expect(await run(pier)).toMatchObject({read: 2, stored: 0, commit: undefined});
});

test("times are typed as people do, one as another", async () => {
  const {pond, run} = await desk();
  const times = ["2026-03-01", "2026-03-02 9:30", "2026-03-03T10:30:00.5Z", "2026-03-04 10:30 +0130", "2026-03-05"];
  const rows = times.map((time) => ({time, values: {DO: 1}}));
  expect(await run({...pier, readings: {into: "/hand/pier", rows}})).toMatchObject({stored: 5, errors: []});
  expect((await readings(pond, "/hand/pier")).map(({time}) => time)).toEqual([
    "2026-03-01T08:00:00.000Z",
    "2026-03-02T17:30:00.000Z",
    "2026-03-03T10:30:00.500Z",
    "2026-03-04T09:00:00.000Z",
    "2026-03-05T08:00:00.000Z"
  ]);
});

test("a table whose path an earlier program remembered as it was spelled then is the same", async () => {
  const {pond, run} = await desk();
  await run(pier);
  await pond.transaction({command: "test"}, (tx) => tx.write("/sys/manual/hand", '["/hand//pier/"]'));
  expect(await run({...pier, readings: {...pier.readings, into: "/hand/pier/"}})).toMatchObject({
    notes: [],
    errors: []
  });
  expect(await readings(pond, "/hand/pier")).toEqual(stored);
});

test("an edit, a deletion of a value, of a reading and of all take effect, and the pond remembers", async () => {
  const {pond, run} = await desk();
  const [first, second] = pier.readings.rows as [(typeof pier.readings.rows)[0], (typeof pier.readings.rows)[1]];
  const typed = (...rows: object[]) => ({...pier, readings: {...pier.readings, rows}});
  const {commit} = await run(pier);
  expect(await run(typed({...first, values: {"Secchi depth.m": 3}}, second))).toMatchObject({stored: 1, errors: []});
  expect((await readings(pond, "/hand/pier"))[0]).toEqual({time: stored[0]!.time, "Secchi depth.m": 3});
  expect(await run(typed(second))).toMatchObject({read: 1, stored: 1});
  expect((await readings(pond, "/hand/pier")).map(({time}) => time)).toEqual([stored[1]!.time]);
  expect(await run(typed())).toMatchObject({read: 0, stored: 1, errors: []});
  expect(await readings(pond, "/hand/pier")).toEqual([]);
  const then = await pond.at({version: commit!});
  expect(
    await pond.duck.rows(`SELECT count(*)::INTEGER AS n FROM ${await (await then.series("/hand/pier")).relation()}`)
  ).toEqual([{n: 2}]);
  expect(await run(pier)).toMatchObject({stored: 2});
});

test("what is left out of what was typed is said, and names are one whatever their letters", async () => {
  const {named, pond, put, run} = await desk();
  const rows = [{time: "2026-03-01 10:30", values: {"secchi depth.m": 3.5}}];
  const spec = {...pier, readings: {into: "/hand/pier", file: "pier.csv", rows}};
  const lines = ["time,Secchi depth (m),Who", "2026-03-01 10:30,2,Ann", "2026-03-02 10:30,n/a,Bob"];
  await put("pier.csv", [...lines, "2026-03-03 10:30,1,Ann", "2026-03-03 10:30,5,Bob", ""].join("\n"));
  expect(await run(spec)).toMatchObject({
    notes: [
      `${named("pier.csv")}: column "Secchi depth (m)" has text in 1 row, such as "n/a", taken as missing.`,
      `${named("pier.csv")}: column "Who" left out (it holds text).`,
      `${named("pier.csv")}: of rows of one time that differ the last counts.`
    ],
    errors: []
  });
  expect((await readings(pond, "/hand/pier")).map(({time: _, ...values}) => values)).toEqual([
    {"Secchi depth.m": 3.5},
    {"Secchi depth.m": 5}
  ]);
});

test("a table that nothing is typed for any more is taken away, and said", async () => {
  const {pond, run} = await desk();
  const {commit} = await run({...pier, annotations: {into: "/annotations/pier", rows: []}});
  const moved = {...pier, readings: {...pier.readings, into: "/hand/quay"}};
  expect(await run(moved)).toMatchObject({
    stored: 2,
    notes: ["/hand/pier is taken away, since nothing is typed for it any more."],
    errors: []
  });
  expect((await (await pond.fs()).list("/hand")).map(({name}) => name)).toEqual(["quay"]);
  expect(await (await pond.at({version: commit!})).exists("/hand/pier")).toBe(true);
  expect(await run(moved)).toMatchObject({notes: []});
  expect(await run(moved)).toMatchObject({notes: [], commit: undefined});
  const wrong = {...pier, readings: {...pier.readings, into: "/hand/bank", file: "none.csv"}};
  expect(await run(wrong)).toMatchObject({stored: 0, notes: []});
  expect(await (await pond.fs()).exists("/hand/quay")).toBe(true);
});

test("readings in a file beside the YAML, where what the YAML says counts", async () => {
  const {named, pond, put, run, take} = await desk();
  const spec = {...pier, readings: {...pier.readings, file: "pier.csv"}};
  await put("pier.csv", "time;Secchi depth (m)\n2026-03-01 10:30;2,5\n2026-03-03 10:30;5,5\n");
  expect(await run(spec)).toMatchObject({read: 4, stored: 3, errors: []});
  const third = {time: "2026-03-03T18:30:00.000Z", "Secchi depth.m": 5.5, "DO.mg/L": null};
  expect(await readings(pond, "/hand/pier")).toEqual([...stored, third]);
  await put("pier.csv", "time;Secchi depth (m)\nsoon;2,5\n");
  const before = await readings(pond, "/hand/pier");
  expect((await run(spec)).errors).toEqual([
    `${named("pier.csv")} was left out: its column "time" holds "soon" in row 1, which is no time such as 2024-03-01 12:00 or 2024-03-01T12:00:00Z; mend it.`
  ]);
  await take("pier.csv");
  expect((await run(spec)).errors[0]).toContain(`${named("pier.csv")} was left out: it cannot be read (ENOENT`);
  expect(await readings(pond, "/hand/pier")).toEqual(before);
});

const notes = {
  timeZone: "America/Los_Angeles",
  annotations: {
    into: "/annotations/pier",
    rows: [
      {
        kind: "outage",
        series: "/in/*",
        parameter: "DO",
        from: "2026-03-01 10:00",
        to: "2026-03-02",
        flag: 4,
        text: "fouled"
      },
      {kind: "deployment", series: "/in/a", from: "2026-01-01T00:00Z", text: "new sonde"}
    ]
  }
};

test("annotations from the YAML and a file, by their begin; edits and deletions take effect", async () => {
  const {pond, put, run} = await desk();
  const spec = {...notes, annotations: {...notes.annotations, file: "notes.csv"}};
  await put("notes.csv", 'kind,series,from,text\ncalibration,/in/a,2026-02-01 09:00,"pH 4, 7, 10"\n');
  expect(await run(spec)).toMatchObject({read: 3, stored: 3, errors: []});
  const sql = `SELECT epoch_ms(timestamp)::DOUBLE AS begin, epoch_ms("end")::DOUBLE AS "end", kind, series, parameter, flag, text FROM "/annotations/pier"`;
  const told = async () => (await (await pond.fs()).query(sql)).toArray().map((row) => ({...(row as object)}));
  const at = (text: string) => Date.parse(text);
  expect(await told()).toEqual([
    {
      ...{begin: at("2026-01-01T00:00Z"), end: null, kind: "deployment", series: "/in/a"},
      parameter: null,
      flag: null,
      text: "new sonde"
    },
    {
      ...{begin: at("2026-02-01T17:00Z"), end: null, kind: "calibration", series: "/in/a"},
      parameter: null,
      flag: null,
      text: "pH 4, 7, 10"
    },
    {
      ...{begin: at("2026-03-01T18:00Z"), end: at("2026-03-02T08:00Z"), kind: "outage", series: "/in/*"},
      ...{parameter: "DO", flag: 4, text: "fouled"}
    }
  ]);
  expect(await run(spec)).toMatchObject({read: 3, stored: 0, commit: undefined});
  expect(await run({...notes, annotations: {...notes.annotations, rows: []}})).toMatchObject({read: 0, errors: []});
  expect(await told()).toEqual([]);
});

test.each([
  [
    "kind,series,from,text\nouttage,/in/a,2026-01-01,x\n",
    'its row 1 is wrong at kind, which is "outtage": it may be "deployment", "calibration", "outage" or "remark" (did you mean outage?)'
  ],
  [
    "kind,series,from,text\noutage,/in/a,01/02/2026,x\n",
    'its row 1 is wrong at from, which is "01/02/2026": write a time such as 2026-03-01 12:00'
  ],
  [
    "kind;series;from;text\noutage;/in/a;2026-01-01;\n",
    "its row 1 is wrong at text, which is missing: it must be text"
  ],
  [
    "kind;series;parameter;from;offset;text\ncalibration;/in/a;DO;2026-01-01;0.x;a\n",
    'its row 1 is wrong at offset, which is "0.x": it must be a number'
  ],
  ["kind,series,from,reason\noutage,/in/a,2026-01-01,x\n", 'its column "reason" is none of kind, series'],
  ["kind,series,begin,text\noutage,/in/a,2026-01-01,x\n", 'its column "begin" is called from now'],
  [
    "kind,series,from,to,text\noutage,/in/a,2026-01-02,2026-01-01,x\n",
    "its outage from 2026-01-02 to 2026-01-01 ends before it begins"
  ],
  [
    "kind,series,from,text\noutage,/in/a,2026-03-08 02:30,x\n",
    "its time 2026-03-08 02:30 did not exist in America/Los_Angeles"
  ]
])("what is wrong with a file of annotations is named", async (text, reason) => {
  const {named, put, run} = await desk();
  await put("notes.csv", text);
  const {errors} = await run({...notes, annotations: {into: "/annotations/pier", file: "notes.csv"}});
  expect(errors[0]).toContain(`${named("notes.csv")} was left out: ${reason}`);
});

test("annotations may stand in a file as a spreadsheet writes it where numbers have decimal commas", () => {
  const text = "kind;series;parameter;from;offset;text\ncalibration;/in/a;DO;2026-01-01;0,35;Cleaned, and compared\n";
  const [found] = annotationsIn(text);
  expect(found).toMatchObject({kind: "calibration", parameter: "DO", offset: 0.35, text: "Cleaned, and compared"});
});

test.each([
  ["UTF-8", (text: string) => Buffer.from(`\ufeff${text}`)],
  ["UTF-16", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le")],
  ["UTF-16, the other way round, without a mark", (text: string) => Buffer.from(text, "utf16le").swap16()],
  ["Windows-1252", (text: string) => Buffer.from(text.replace("–", "\x96"), "latin1")]
])("annotations may stand in a file in %s", async (_, encoded) => {
  const {pond, put, run} = await desk();
  const text =
    "kind,series,parameter,from,offset,unit,text\ncalibration,/in/a,Cond,2026-01-01,5,µS/cm,gemäß – Prüfung\n";
  await put("notes.csv", encoded(text));
  const spec = {annotations: {into: "/annotations/pier", file: "notes.csv"}};
  expect(await run(spec)).toMatchObject({stored: 1, errors: []});
  const table = await (await pond.fs()).query(`SELECT unit, text FROM "/annotations/pier"`);
  expect(table.toArray().map((row) => ({...(row as object)}))).toEqual([{unit: "µS/cm", text: "gemäß – Prüfung"}]);
});

test("a path that something else has is named, and the other part goes on", async () => {
  const {pond, run} = await desk();
  await pond.transaction({command: "test"}, (tx) => tx.write("/hand/pier", "x", {parents: true}));
  const {errors, stored: count} = await run({...pier, ...notes});
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain("/hand/pier");
  expect(count).toBe(2);
});

test("an empty resource is refused", () => {
  const {schema} = kinds.find(({name}) => name === "Manual")!;
  expect(schema.safeParse({}).error!.issues[0]!.message).toContain("write readings, annotations or both");
});

test("a value without a column's name is refused", () => {
  const rows = [{time: "2026-03-01", values: {" ": 1}}];
  const {schema} = kinds.find(({name}) => name === "Manual")!;
  const {error} = schema.safeParse({readings: {into: "/a", rows}});
  expect(JSON.stringify(error!.issues)).toContain("give the column a name");
});

test("times as people write them", () => {
  const iso = (text: string, zone = "America/Los_Angeles") => formatInstant(instantOf(text, zone));
  expect(iso("2026-03-01")).toBe("2026-03-01T08:00:00.000Z");
  expect(iso("2026-07-01T12:00")).toBe("2026-07-01T19:00:00.000Z");
  expect(iso("2026-03-01T12:00+0130")).toBe("2026-03-01T10:30:00.000Z");
  expect(iso("2026-03-01T12:00:00.123456Z")).toBe("2026-03-01T12:00:00.123456Z");
  expect(iso("2026-07-01 12:00:00.1235")).toBe("2026-07-01T19:00:00.123500Z");
  expect(iso("2026-04-05 01:15", "Australia/Lord_Howe")).toBe("2026-04-04T14:15:00.000Z");
  expect(() => iso("2026-11-01 01:30")).toThrow("came twice in America/Los_Angeles; write its offset behind it");
  expect(() => iso("2026-02-30")).toThrow("is on no calendar");
});
