import {appendFile, copyFile, readFile, rename, rm, stat, truncate, utimes, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import fc from "fast-check";
import {expect, test} from "vitest";
import {Ledger} from "../../loaders/files/ledger.js";
import type {Reader} from "../../pond/types.js";
import {harbour, now, quiet, readings, told} from "./inbox.js";
import {temporaryDirectory} from "./memory.js";

/** Files that grow, are rotated, replaced and copied. */

const hour = (index: number) => new Date(Date.UTC(2024, 0, 1, index)).toISOString();
const line = (index: number, value = index) => `${hour(index)},${value}\n`;
const lines = (from: number, to: number) => Array.from({length: to - from}, (_, i) => line(from + i)).join("");

test("of a file that grows, only the tail is read", async () => {
  const {at, lines: said, named, pond, put, run} = await harbour();
  await put("dock.csv", `# logger 12\n\ntime,DO\n${lines(0, 100)}`);
  expect(told(await run())).toMatchObject({read: 100, stored: 100, errors: []});
  await appendFile(at("dock.csv"), lines(100, 103));
  expect(told(await run())).toMatchObject({read: 3, stored: 3, errors: []});
  expect(said).toEqual([
    `${named("dock.csv")}: 100 rows read, 100 stored, 0 known already.`,
    `${named("dock.csv")}: 3 rows read, 3 stored, 0 known already.`
  ]);
  expect(told(await run())).toMatchObject({read: 0, stored: 0});
  expect((await readings(pond, "/in/dock")).map(({DO}) => DO)).toEqual(Array.from({length: 103}, (_, i) => i));
  const ledger = JSON.parse(Buffer.from(await (await pond.fs()).read("/sys/inbox/files")).toString()) as {
    entries: {read: number; stored: number; known: number; aside: number; mark: number; size: number}[];
  };
  expect(ledger.entries).toHaveLength(1);
  const {size} = ledger.entries[0]!;
  expect(ledger.entries[0]).toMatchObject({read: 103, stored: 103, known: 0, aside: 0, mark: size});
});

test("what the cache says of files may be cut short, which is noticed, or gone", async () => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", `time,DO\n${lines(0, 3)}`);
  expect(told(await run())).toMatchObject({read: 3, stored: 3});
  const stamps = join(pond.cache, "inbox/files.json");
  const whole = await readFile(stamps, "utf8");
  for (const length of [10, 0]) {
    await truncate(stamps, length);
    expect(told(await run())).toEqual(quiet);
    expect(JSON.parse(await readFile(stamps, "utf8"))).toEqual(JSON.parse(whole));
  }
});

test("a tail is read as its beginning was written", async () => {
  const {at, pond, put, run} = await harbour();
  await put("dock.csv", "time;DO\n13/04/2025 00:00;1,5\n");
  await run();
  await appendFile(at("dock.csv"), "03/05/2025 00:00;2,125\n");
  expect(told(await run())).toEqual({...quiet, read: 1, stored: 1});
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: "2025-04-13T00:00:00.000Z", DO: 1.5},
    {time: "2025-05-03T00:00:00.000Z", DO: 2.125}
  ]);
});

test.each([
  ["comments above the header and below", "# c\n# d\ntime,flag,A\n", "# e\n"],
  ["comments and no text", "# c\ntime,A,B\n", "# e\n"],
  ["words above the header", "Pier\nSerial 7\ntime,A,B\n", ""],
  ["a header in several lines", 'time,"note\nmore",A\n', ""],
  ["a header in several lines below words", 'Pier\n\n"time","note\nand\nmore",A\n', ""]
])("a file with %s is read on as it began", async (_, head, between) => {
  const {at, pond, put, run} = await harbour();
  const rowOf = (minute: number) => `${new Date(Date.UTC(2024, 9, 1) + minute * 60_000).toISOString()},${minute},1.5\n`;
  const rowsOf = (begin: number, end: number) =>
    Array.from({length: end - begin}, (_, index) => rowOf(begin + index)).join("");
  await put("again.csv", head + rowsOf(0, 2) + between + rowsOf(2, 4));
  expect(told(await run())).toEqual({...quiet, read: 4, stored: 4});
  const columns = async () => (await (await pond.fs()).series("/in/again")).columns();
  const before = await columns();
  await appendFile(at("again.csv"), rowsOf(4, 9));
  expect(told(await run())).toEqual({...quiet, read: 5, stored: 5});
  expect(await columns()).toEqual(before);
});

test("a line that is not finished waits, and so does one that may be where a file was seen to grow", async () => {
  const {at, named, pond, put, run} = await harbour();
  await put("dock.csv", `time,DO,pH\n2026-01-01,1,8\n2026-01-02,2`);
  const {notes, ...counts} = told(await run());
  expect(counts).toEqual({read: 1, stored: 1, aside: 0, errors: []});
  expect(notes[0]).toContain("its last line is not finished and waits");
  await appendFile(at("dock.csv"), ".5,7");
  const waiting = [`${named("dock.csv")}: its last line has no line feed and waits until a run finds it as it is.`];
  expect(told(await run())).toEqual({...quiet, notes: waiting});
  await appendFile(at("dock.csv"), ".5\n2026-01-03,3,6\n");
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 2});
  expect((await readings(pond, "/in/dock")).map(({DO, pH}) => [DO, pH])).toEqual([
    [1, 8],
    [2.5, 7.5],
    [3, 6]
  ]);
});

test("a line without a line feed is read where a file is new, and where a run finds it as it was", async () => {
  const {at, lines: said, named, pond, put, run} = await harbour();
  await put("dock.csv", "time,DO\n2026-01-01,1\n2026-01-02,2.3");
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 2});
  expect(said).toEqual([
    `${named("dock.csv")}: 2 rows read, 2 stored, 0 known already, the last line has no line feed and counts as finished.`
  ]);
  await appendFile(at("dock.csv"), "4\n2026-01-03,3.5");
  expect((await run()).rows[0]!.notes).toHaveLength(1);
  expect((await readings(pond, "/in/dock")).map(({DO}) => DO)).toEqual([1, 2.34]);
  expect(told(await run())).toEqual({...quiet, read: 1, stored: 1});
  expect((await readings(pond, "/in/dock")).map(({DO}) => DO)).toEqual([1, 2.34, 3.5]);
  expect((await run()).commits).toEqual([]);
});

test.each([
  ["a time", "DO,time\n1,2026-01-01 10:00\n2,2026-01-01 11:0", "5\n", ["10:00", "11:05"]],
  ["a parameter", "time,value,parameter\n2026-01-01 10:00,1,DO\n2026-01-01 11:00,2,D", "O\n", ["10:00", "11:00"]],
  [
    "a unit",
    "time,parameter,value,unit\n2026-01-01 10:00,DO,1,mg/L\n2026-01-01 11:00,DO,2,mg/",
    "L\n",
    ["10:00", "11:00"]
  ]
])("%s that is cut short makes no reading that never was", async (_, text, rest, times) => {
  const {at, pond, put, run} = await harbour();
  await put("dock.csv", text);
  expect(told(await run())).toMatchObject({read: 1, stored: 1, errors: []});
  await appendFile(at("dock.csv"), rest);
  expect(told(await run())).toEqual({...quiet, read: 1, stored: 1});
  const found = await readings(pond, "/in/dock");
  expect(found.map(({time}) => (time as string).slice(11, 16))).toEqual(times);
  expect(Object.keys(found[0]!)).toHaveLength(2);
});

test("a file in UTF-16 whose last line waits is read from the top when a run finds it as it was", async () => {
  const {pond, put, run} = await harbour();
  const text = "DO,time\n1,2026-01-01 10:00\n2,2026-01-01 11:05";
  await put("dock.csv", Buffer.from(`\ufeff${text}`, "utf16le"));
  expect(told(await run())).toMatchObject({read: 1, stored: 1});
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 1});
  expect(told(await run())).toEqual(quiet);
  expect(await readings(pond, "/in/dock")).toHaveLength(2);
});

test("what was said of an empty file is not said of what it grows to", async () => {
  const {at, named, put, run} = await harbour();
  await put("dock.csv", "time,DO\n");
  expect(told(await run()).notes).toEqual([`${named("dock.csv")}: it has a header and no rows.`]);
  await appendFile(at("dock.csv"), "2026-01-01,1\n2026-01");
  expect(told(await run()).notes).toEqual([`${named("dock.csv")}: its last line is not finished and waits.`]);
  await appendFile(at("dock.csv"), "-02");
  expect(told(await run()).notes).toEqual([`${named("dock.csv")}: its last line is not finished and waits.`]);
  await appendFile(at("dock.csv"), ",2\n");
  expect(told(await run())).toEqual({...quiet, read: 1, stored: 1});
});

test("JSON lines grow too, and a line that is not finished waits", async () => {
  const {at, pond, put, run} = await harbour({files: "data/*.jsonl"});
  await put("dock.jsonl", '{"time":"2026-01-01","DO":1}\n{"time":"2026-01-');
  expect(told(await run())).toMatchObject({read: 1, stored: 1, errors: []});
  await appendFile(at("dock.jsonl"), '02","DO":2}\n{"time":"2026-01-03","DO":3}\n');
  expect(told(await run())).toMatchObject({read: 2, stored: 2, errors: []});
  expect((await readings(pond, "/in/dock")).map(({DO}) => DO)).toEqual([1, 2, 3]);
});

test("a file that was rotated is known under its new name, and what takes its place is read from the top", async () => {
  const {at, pond, put, run} = await harbour({files: "data/*.csv", into: "/in/dock"});
  await put("dock.csv", `time,DO\n${lines(0, 50)}`);
  await run();
  await appendFile(at("dock.csv"), lines(50, 55));
  await rename(at("dock.csv"), at("dock.1.csv"));
  await put("dock.csv", `time,DO\n${lines(55, 60)}`);
  expect(told(await run())).toMatchObject({read: 10, stored: 10, errors: []});
  expect(await readings(pond, "/in/dock")).toHaveLength(60);
});

test("a file that was replaced by a longer one is read from the top, though its name, place and end are the same", async () => {
  const {at, pond, put, run} = await harbour();
  await put("dock.csv", `time,DO\n${lines(0, 10_000)}`);
  await run();
  const text = await readFile(at("dock.csv"), "utf8");
  const changed = text.replace(line(5000), line(5000, 9999));
  await writeFile(at("new"), changed + lines(10_000, 10_001)); // while the other has its place on the disk
  await rename(at("new"), at("dock.csv"));
  expect(told(await run())).toMatchObject({read: 10_001, stored: 2, errors: []});
  expect((await readings(pond, "/in/dock"))[5000]!.DO).toBe(9999);
});

test("a copy is not read, and of content that is put back only what was restated is stored", async () => {
  const {at, put, pond, run} = await harbour({files: "data/*.csv", into: "/in/dock"});
  await put("a.csv", `time,DO\n${lines(0, 10)}`);
  await run();
  await appendFile(at("a.csv"), lines(10, 20));
  await run();
  await copyFile(at("a.csv"), at("b.csv"));
  expect(told(await run())).toEqual(quiet);
  await put("a.csv", `time,DO\n${line(0, 77)}`);
  await run();
  await copyFile(at("b.csv"), at("a.csv"));
  expect(told(await run())).toMatchObject({read: 20, stored: 1});
  expect((await readings(pond, "/in/dock"))[0]!.DO).toBe(0);
  const {commits} = await run();
  expect(commits).toEqual([]);
  expect(await (await pond.fs()).versions("/in/dock")).toHaveLength(4);
});

test("a change that leaves size and times alone is seen, while the file is young and after the cache is gone", async () => {
  const {at, put, pond, root, run} = await harbour();
  const date = new Date("2026-01-05T00:00Z");
  await put("dock.csv", "time,DO\n2026-01-01,1\n");
  await utimes(at("dock.csv"), date, date);
  await run();
  await put("dock.csv", "time,DO\n2026-01-01,2\n");
  await utimes(at("dock.csv"), date, date);
  expect(told(await run())).toMatchObject({read: 1, stored: 1});
  await rm(join(root, "pond/cache/inbox"), {recursive: true});
  expect(told(await run())).toEqual(quiet);
  expect(await readings(pond, "/in/dock")).toEqual([{time: "2026-01-01T00:00:00.000Z", DO: 2}]);
});

test("a file may grow many times, and what is known of it does not", async () => {
  const {at, put, pond, run} = await harbour();
  await put("dock.csv", "time,DO\n");
  for (let index = 0; index < 70; index++) {
    await appendFile(at("dock.csv"), line(index));
    expect(told(await run()).read, `row ${index}`).toBe(1);
  }
  const text = Buffer.from(await (await pond.fs()).read("/sys/inbox/files")).toString();
  const {entries} = JSON.parse(text) as {entries: {segments: unknown[]}[]};
  expect(entries[0]!.segments.length).toBeLessThan(64);
  expect(await readings(pond, "/in/dock")).toHaveLength(70);
}, 40_000);

test("however a file grows and is cut and copied, what it held at each run is what is stored", async () => {
  const step = fc.oneof(
    fc.record({do: fc.constant("append" as const), rows: fc.integer({min: 1, max: 5}), torn: fc.boolean()}),
    fc.record({do: fc.constant("replace" as const), rows: fc.integer({min: 1, max: 5}), torn: fc.constant(false)}),
    fc.record({do: fc.constant("rotate" as const), rows: fc.integer({min: 1, max: 5}), torn: fc.constant(false)})
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, {minLength: 1, maxLength: 6}), async (steps) => {
      const {at, put, pond, run} = await harbour({files: "data/*.csv", into: "/in/dock"});
      const expected = new Map<string, number>();
      let [text, next, files] = ["time,DO\n", 0, 0];
      let [wasTorn, isKnown] = [false, false];
      for (const {do: what, rows, torn} of steps) {
        if (wasTorn && what === "append") expected.set(hour(next - 1), next * 10 + 5);
        if (wasTorn && what === "rotate") expected.set(hour(next - 1), next); // found as it was, under another name
        if (what === "rotate" && next > 0) await rename(at("z.csv"), at(`old-${files++}.csv`));
        if (what !== "append") text = "time,DO\n";
        for (let row = 0; row < rows; row++, next++) {
          text += line(next, next * 10 + 15);
          expected.set(hour(next), next * 10 + 15);
        }
        await put("z.csv", torn ? text.slice(0, -2) : text);
        if (torn && isKnown) expected.delete(hour(next - 1));
        else if (torn) expected.set(hour(next - 1), next);
        await run();
        const found = (await readings(pond, "/in/dock")).map(({time, DO}) => [time, DO]);
        expect(found).toEqual([...expected]);
        wasTorn = torn;
        isKnown = true;
      }
    }),
    {numRuns: 8}
  );
}, 40_000);

test("an edit that is taken back is taken back in the series, and what only moved is not", async () => {
  const {at, pond, put, run} = await harbour({files: "data/*.csv", into: "/in/all"});
  const values = async () => (await readings(pond, "/in/all")).map(({DO}) => DO);
  const content = (value: number, more = "") => `time,DO\n${line(0)}${line(1, value)}${more}`;
  await put("dock.csv", content(2));
  await run();
  await put("dock.csv", content(3));
  await run();
  expect(await values()).toEqual([0, 3]);
  await put("dock.csv", content(2));
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 1});
  expect(await values()).toEqual([0, 2]);
  expect(told(await run())).toEqual(quiet);
  await put("dock.csv", content(3, line(2)));
  expect(told(await run())).toMatchObject({stored: 2});
  await put("dock.csv", content(2, line(2) + line(3)));
  expect(told(await run())).toMatchObject({stored: 2});
  expect(await values()).toEqual([0, 2, 2, 3]);
  await rename(at("dock.csv"), at("old.csv")); // and another in its place
  await put("dock.csv", content(4));
  await run();
  expect(await values()).toEqual([0, 4, 2, 3]);
  await rename(at("dock.csv"), at("new.csv"));
  await rename(at("old.csv"), at("dock.csv"));
  expect(told(await run())).toEqual(quiet);
  expect(await values()).toEqual([0, 4, 2, 3]);
});

test("a resource that is written again as it was has its files read so again", async () => {
  const root = await harbour({files: "data/*.csv"});
  await root.put("dock.csv", "time,DO\n2024-01-01,1\n2024-01-02,-99\n");
  const values = async () => (await readings(root.pond, "/in/dock")).map(({DO}) => DO);
  await root.run();
  expect(await values()).toEqual([1, -99]);
  await root.put("dock.csv", "time,DO\n2024-01-01,1\n2024-01-02,-9\n");
  await root.run(now, {missing: [-1]});
  expect(await values()).toEqual([1, -9]);
  await root.put("dock.csv", "time,DO\n2024-01-01,1\n2024-01-02,-99\n");
  await root.run();
  expect(await values()).toEqual([1, -99]);
});

test("a file that is rotated is read on under its number or date, and begun anew under its name", async () => {
  const {at, pond, put, run} = await harbour({files: "data/{dock,pier}.csv*"});
  await put("dock.csv", `time,DO\n${lines(0, 3)}`);
  await run();
  await appendFile(at("dock.csv"), lines(3, 5));
  await rename(at("dock.csv"), at("dock.csv.1"));
  await put("dock.csv", `time,DO\n${lines(5, 7)}`);
  expect(told(await run())).toEqual({...quiet, read: 4, stored: 4});
  await rename(at("dock.csv.1"), at("dock.csv.2"));
  await rename(at("dock.csv"), at("dock.csv-20240101"));
  expect(told(await run())).toEqual(quiet);
  await put("dock.csv-20231231.gz", gzipSync(`time,DO\n${line(0)}${line(8)}`));
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 1});
  expect((await readings(pond, "/in/dock")).map(({DO}) => DO)).toEqual([0, 1, 2, 3, 4, 5, 6, 8]);
});

test("a file that is packed when it is rotated is known by what is packed, and read on where it had grown", async () => {
  const {at, pond, put, run} = await harbour({files: "data/{dock,pier}.csv*"});
  const values = async () => (await readings(pond, "/in/dock")).map(({DO}) => DO);
  const pack = async (name: string, target: string) => {
    const content = await readFile(at(name));
    await put(target, Buffer.concat([content.subarray(0, 9), content.subarray(9)].map((part) => gzipSync(part)))); // as it came
    await rm(at(name));
  };
  await put("dock.csv", `# logger 12\ntime,DO\n${lines(0, 3)}`);
  await run();
  await put("dock.csv.9", `time,DO\n${line(1, 10)}`); // which restates what the other told
  expect(told(await run())).toEqual({...quiet, read: 1, stored: 1});
  await pack("dock.csv", "dock.csv-20240101.gz");
  await put("dock.csv", `# logger 12\ntime,DO\n${lines(3, 5)}`);
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 2});
  expect(await values()).toEqual([0, 10, 2, 3, 4]);
  await put("dock.csv.9", `time,DO\n${line(3, 30)}`);
  await run();
  await appendFile(at("dock.csv"), lines(5, 7));
  await pack("dock.csv", "dock.csv-20240102.gz");
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 2});
  expect(await values()).toEqual([0, 10, 2, 30, 4, 5, 6]);
  await rename(at("dock.csv-20240102.gz"), at("dock.csv.2.gz"));
  expect(told(await run())).toEqual(quiet);
  expect(await values()).toEqual([0, 10, 2, 30, 4, 5, 6]);
});

test("a packed file that is cut short is told to be, though it begins as what is known", async () => {
  const {named, pond, put, run} = await harbour({files: "data/{dock,pier}.csv*"});
  const content = `time,DO\n${lines(0, 2000)}`;
  await put("dock.csv", content);
  await run();
  const packed = gzipSync(content + lines(2000, 4000));
  await put("dock.csv.1.gz", packed.subarray(0, packed.length - 2000));
  const cut = "was skipped: it ends in the middle of what is packed in it, as a copy that is not finished does";
  expect(told(await run()).errors).toEqual([`${named("dock.csv.1.gz")} ${cut}; mend it or take it away.`]);
  await put("dock.csv.1.gz", packed);
  expect(told(await run())).toEqual({...quiet, read: 2000, stored: 2000});
  expect(await readings(pond, "/in/dock")).toHaveLength(4000);
});

test("what is wrong with a tail is told by its own rows and lines", async () => {
  const {at, put, run} = await harbour();
  await put("dock.csv", `# logger 12\ntime,DO\n${lines(0, 3)}`);
  await put("dock.jsonl", '{"time":"2024-01-01","DO":1}\n');
  await run();
  await appendFile(at("dock.csv"), `${line(3)}yesterday,5\n`);
  await appendFile(at("dock.jsonl"), '{"time":"2024-01-02","DO":1}\n{DO}\n{"time":"2024-01-03","DO":1}\n');
  expect(told(await run()).errors).toEqual([
    expect.stringContaining('its column "time" holds "yesterday" in row 2 of what it has grown by, which is no time'),
    expect.stringContaining("was skipped: line 2 of what it has grown by is no JSON (")
  ]);
  await put("dock.csv", "time,DO\n");
  await put("dock.jsonl", '{"time":"2024-02-01","DO":1}\n{"time":"2024-01-02"}\n{"time"}\n{"time":"2024-01-03"}\n');
  expect(told(await run()).errors).toEqual([expect.stringContaining("was skipped: its line 3 is no JSON (")]);
});

test("a file is looked for among thousands of contents as long as it without reading it for each", async () => {
  const {at, put} = await harbour({files: "data/*.csv"});
  await put("dock.csv", `time,DO\n${lines(0, 10)}`);
  const {size} = await stat(at("dock.csv"));
  const file = {path: at("dock.csv"), place: "data/dock.csv", into: "/in/dock", how: "so", size};
  const timeAmong = async (count: number) => {
    const entries = Array.from({length: count}, (_, index) => {
      const [mark, head] = [index % 2 ? size : size - 20, String(index)]; // of other content, and cut short
      return {...file, size: mark, mark, head, edge: head, segments: [[mark, head]], stored: 0, known: 0};
    });
    const text = new TextEncoder().encode(JSON.stringify({entries}));
    const fs = {exists: async () => true, read: async () => text} as unknown as Reader;
    const ledger = await Ledger.open("dock", fs, {cache: await temporaryDirectory(), files: [file]});
    const began = performance.now();
    for (let time = 0; time < 5; time++) expect(await ledger.find(file)).toBeUndefined();
    return performance.now() - began;
  };
  await timeAmong(10);
  const few = await timeAmong(10);
  expect((await timeAmong(4000)) / few).toBeLessThan(40); // to read the file for each takes hundreds of times as long
});
