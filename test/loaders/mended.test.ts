import {appendFile, writeFile} from "node:fs/promises";
import {gzipSync} from "node:zlib";
import {expect, test} from "vitest";
import {harbour, quiet, readings, told} from "./inbox.js";

const header = "time,Depth (m),Temperature (C)\n";
const minute = (i: number) => new Date(Date.UTC(2025, 0, 1) + i * 60_000).toISOString();
const line = (i: number) => `${minute(i)},${i}.5,${i * 2}\n`;
const rows = (begin: number, end: number) => Array.from({length: end - begin}, (_, i) => line(begin + i));
const lines = (begin: number, end: number) => rows(begin, end).join("");

const wide = (begin: number, end: number) => lines(begin, end).replaceAll("\n", ",7\n");

/** A file of rows of which some are other than they should be. */
function file(count: number, others: Readonly<Record<number, string>>): string {
  return (
    header +
    rows(0, count)
      .map((row, i) => others[i] ?? row)
      .join("")
  );
}

const left = (name: string, number: number) =>
  `${name}: line ${number} left out, which has fewer values than the header, or more.`;

const kinds = {
  "a line that was cut": "2025-01-01T00:2\n",
  "a line that goes on with the next": `${minute(20)},20.5,4${line(21)}`,
  "zeros, where a disk lost what was written": `${"\0".repeat(300)}\n`,
  "a line with a value more": `${minute(20)},20.5,40,1\n`
};

test.for(Object.entries(kinds))("%s is left out and told, and the rest is stored", async ([, bad]) => {
  for (const packed of [false, true]) {
    const {put, run, pond, named} = await harbour({into: "/in/pier"});
    const name = packed ? "pier.csv.gz" : "pier.csv";
    const text = file(50, {20: bad});
    await put(name, packed ? gzipSync(text) : text);
    expect(told(await run())).toEqual({...quiet, read: 49, stored: 49, notes: [left(named(name), 22)]});
    expect((await readings(pond, "/in/pier")).length).toBe(49);
    expect(told(await run())).toEqual({...quiet, notes: [left(named(name), 22)]}); // as long as it is there
  }
});

test.each(["\xff\xfe\n", "2025-01-01T00:2\xff\xff\n"])(
  "a line with bytes that are no text is left out likewise",
  async (bad) => {
    const {put, run, named} = await harbour({into: "/in/pier"});
    await put("pier.csv", Buffer.from(file(50, {20: bad}), "latin1"));
    expect(told(await run())).toEqual({...quiet, read: 49, stored: 49, notes: [left(named("pier.csv"), 22)]});
  }
);

test("such a line is found wherever it stands, in a file of any size", async () => {
  for (const [count, at] of [
    [50, 0],
    [50, 49],
    [40_000, 30_000],
    [400_000, 399_000]
  ] as const) {
    const {put, run, named} = await harbour();
    await put("pier.csv", file(count, {[at]: "2025-01-0\n"}));
    const notes = [left(named("pier.csv"), at + 2)];
    expect(told(await run())).toEqual({...quiet, read: count - 1, stored: count - 1, notes});
  }
});

test("several are told together, by the first of them", async () => {
  const {put, run, named} = await harbour();
  await put("pier.csv", file(50, {20: "2025-01-0\n", 21: "1\n", 40: "a,b,c,d\n"}));
  const note = `${named("pier.csv")}: 3 lines left out, from line 22 on, which have fewer values than the header, or more.`;
  expect(told(await run())).toEqual({...quiet, read: 47, stored: 47, notes: [note]});
});

test("lines of a tail are counted from the file's beginning", async () => {
  const {put, run, at, named} = await harbour();
  await put("pier.csv", file(50, {}));
  await run();
  await appendFile(at("pier.csv"), `${lines(50, 60)}2026-01-0\n${lines(60, 70)}`);
  expect(told(await run())).toEqual({...quiet, read: 20, stored: 20, notes: [left(named("pier.csv"), 62)]});
  await appendFile(at("pier.csv"), lines(70, 80));
  expect(told(await run())).toEqual({...quiet, read: 10, stored: 10, notes: [left(named("pier.csv"), 62)]});
  await writeFile(at("pier.csv"), header + lines(0, 80)); // mended by hand
  expect(told(await run())).toEqual({...quiet, read: 80});
});

test("where other columns may have begun, a person is to look", async () => {
  const {put, run, pond, named} = await harbour();
  const skipped = (number: number, found: number) =>
    `${named("pier.csv")} was skipped: its line ${number} has ${found} values where its header has 3; mend it or take it away.`;
  await put("pier.csv", file(50, {}) + wide(50, 53));
  expect(told(await run())).toEqual({...quiet, errors: [skipped(52, 4)]});
  await put("pier.csv", file(50, {}) + header.replace("\n", ",pH\n"));
  expect(told(await run())).toEqual({...quiet, errors: [skipped(52, 4)]});
  await put("pier.csv", file(2, {}) + wide(2, 4));
  expect(told(await run())).toEqual({...quiet, errors: [skipped(4, 4)]});
  expect(await (await pond.fs()).exists("/in")).toBe(false);
});

const written: Readonly<Record<string, (text: string) => string | Uint8Array>> = {
  "with words before its header": (text) => `Pier log\nserial 12, made 2024\n\n${text}`,
  "with decimal commas": (text) => text.replaceAll(",", ";").replaceAll(/(\d)\.5;/g, "$1,5;"),
  "with CRLF": (text) => text.replaceAll("\n", "\r\n"),
  "with blank lines": (text) => text.replace("2025-01-0\n", "\n2025-01-0\n\n"),
  "in Latin-1": (text) => Buffer.from(text.replace("Depth", "\u00c4u\u00dferste Tiefe"), "latin1"),
  "in UTF-16": (text) => Buffer.from(`\ufeff${text}`, "utf16le"),
  "in Windows-1252": (text) => Buffer.from(text.replace("Depth", "Tiefe \x80 \xfc"), "latin1"),
  "with quoted times": (text) => text.replaceAll(/^(2025[^,\n]+),/gm, '"$1",'),
  "of a Campbell logger": (text) =>
    `"TOA5","pier","CR1000"\n${text.replace("time", '"TIMESTAMP"')}`.replace(
      "\n2025",
      '\n"TS","m","Deg C"\n"","Smp","Avg"\n2025'
    )
};

test.for(Object.entries(written))("and in a file %s", async ([, write]) => {
  const {put, run} = await harbour();
  await put("pier.csv", write(file(50, {20: "2025-01-0\n"})));
  const {read, stored, notes, errors} = told(await run());
  expect({read, stored, errors}).toEqual({read: 49, stored: 49, errors: []});
  expect(notes[0]).toMatch(/line 2\d left out, which has fewer values/);
});

const lost: Readonly<Record<string, string>> = {
  "one row": `time,a,b\n${lines(0, 1)}time,a,b,c\n${wide(1, 40)}`,
  "two rows": `time,a,b\n${lines(0, 2)}time,a,b,c\n${wide(2, 40)}`,
  "rows whose time is not the first": `at,time,a,b\n${lines(0, 40).replaceAll(/^/gm, "pier,")}at,time,a,b,c\n${wide(40, 90).replaceAll(/^/gm, "pier,")}`,
  "rows above a header of another kind": `time,a,b\n${lines(0, 40)}When,a,b,c\n${wide(40, 90)}`
};

test.for(Object.entries(lost))("%s above a second header are not lost without a word", async ([, text]) => {
  const {put, run, pond} = await harbour();
  await put("pier.csv", text.replaceAll(/^pier,$/gm, ""));
  const {stored, errors} = told(await run());
  expect({stored, errors: errors.length}).toEqual({stored: 0, errors: 1});
  expect(await (await pond.fs()).exists("/in")).toBe(false);
});

test("what stands in a row that cannot be read is told of the file as it is", async () => {
  const {put, run, named} = await harbour();
  await put("pier.csv", file(50, {20: "2025-01-0\n", 30: "2025-13-01T00:00:00.000Z,1,2\n"}));
  const {errors} = told(await run());
  expect(errors).toEqual([
    `${named("pier.csv")} was skipped: its line 22 has 1 value where its header has 3; mend it or take it away.`
  ]);
});

// ---- Times ----

const joined = (i: number) => `2025-01-01T00:${line(i)}`; // where the row before was cut within its time

const untimely = (name: string, number: number) => `${name}: line ${number} left out, whose time cannot be read.`;

test("a line whose time goes on with the next line is left out and told, and the rest is stored", async () => {
  for (const packed of [false, true]) {
    const {put, run, pond, named} = await harbour({into: "/in/pier"});
    const name = packed ? "pier.csv.gz" : "pier.csv";
    const text = file(50, {20: joined(21), 21: ""});
    await put(name, packed ? gzipSync(text) : text);
    expect(told(await run())).toEqual({...quiet, read: 48, stored: 48, notes: [untimely(named(name), 22)]});
    expect((await readings(pond, "/in/pier")).length).toBe(48);
  }
});

test("lines of both kinds are counted in the file as it is", async () => {
  const {put, run, named, at} = await harbour();
  await put("pier.csv", file(50, {5: "2025-01-0\n", 10: "1\n", 20: joined(21), 30: "soon,1,2\n"}));
  const ragged = "2 lines left out, from line 7 on, which have fewer values than the header, or more.";
  const late = "2 lines left out, from line 22 on, whose times cannot be read.";
  const notes = [`${named("pier.csv")}: ${ragged}`, `${named("pier.csv")}: ${late}`];
  expect(told(await run())).toEqual({...quiet, read: 46, stored: 46, notes});
  await appendFile(at("pier.csv"), lines(50, 60) + joined(60) + lines(61, 70));
  const more = [...notes, untimely(named("pier.csv"), 62)];
  expect(told(await run())).toEqual({...quiet, read: 19, stored: 19, notes: more});
});

test("a time that is written as others are, and cannot be, is for a person to look at", async () => {
  const {put, run, named} = await harbour();
  await put("pier.csv", file(50, {20: "2025-02-30T00:00:00.000Z,1,2\n"}));
  const said = `its column "time" holds "2025-02-30T00:00:00.000Z" in row 21, which is no time such as 2024-03-01 12:00 or 2024-03-01T12:00:00Z`;
  expect(told(await run()).errors).toEqual([`${named("pier.csv")} was skipped: ${said}; mend it or take it away.`]);
  await put("pier.csv", file(9, {5: "soon,1,2\n"}));
  expect(told(await run()).errors[0]).toContain('holds "soon" in row 6'); // too few lines to tell from
});

// ---- Ends of lines ----

const paired = (text: string) => text.replaceAll("\n", "\r\n");

test.each([
  ["the header alone", paired(header) + lines(0, 50)],
  ["one line", file(50, {20: paired(line(20))})],
  ["one line far below", file(9000, {8000: paired(line(8000))})],
  ["all but one", paired(lines(0, 8000)).replace(/^/, header)]
])("lines may end in two ways: with a carriage return %s", async (_, text) => {
  const {put, run, pond, at, named} = await harbour();
  const count = text.split("\n").length - 2;
  await put("pier.csv", text);
  expect(told(await run())).toEqual({...quiet, read: count, stored: count});
  await appendFile(at("pier.csv"), lines(count, count + 5) + paired(lines(count + 5, count + 9)));
  expect(told(await run())).toEqual({...quiet, read: 9, stored: 9});
  expect(await readings(pond, "/in/pier")).toHaveLength(count + 9);
  await appendFile(at("pier.csv"), `1\n${lines(count + 9, count + 19)}`);
  expect(told(await run())).toMatchObject({stored: 10, notes: [left(named("pier.csv"), count + 11)]});
});
