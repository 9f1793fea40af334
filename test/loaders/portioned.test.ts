import {readdir, readFile, stat, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import fc from "fast-check";
import {expect, test} from "vitest";
import {openSource} from "../../loaders/files/open.js";
import {told} from "../../loaders/files/host.js";
import {takePortions} from "../../loaders/files/portioned.js";
import {isOdd, portionsOf} from "../../loaders/files/portions.js";
import {storeFile} from "../../loaders/files/stored.js";
import type {Duck} from "../../pond/duck.js";
import {Pond} from "../../pond/pond.js";
import {readings} from "./inbox.js";
import {openDuck, temporaryDirectory} from "./memory.js";

const range = {begin: Date.UTC(2000, 0) * 1000, end: Date.UTC(2027, 0) * 1000};

interface Reading {
  readonly content: string | Uint8Array;
  readonly name?: string;
  readonly timeZone?: string;
  readonly held?: string; // what the series has before
}

async function opened({content, name = "dock.csv", timeZone = "UTC"}: Reading, duck?: Duck) {
  const scratch = await temporaryDirectory();
  const file = join(scratch, name);
  await writeFile(file, content);
  const how = {timeZone, scratch};
  const engine = duck ?? (await openDuck());
  return {duck: engine, how, source: await openSource(engine, file, how)};
}

/** What comes of a file that is read in portions of so many bytes, or, without a word of them, as a whole. */
async function stored(reading: Reading, bytes = Infinity) {
  const pond = await Pond.open(await temporaryDirectory(), {create: true});
  const {duck, ...read} = await opened(reading, pond.duck);
  const store = (read: Parameters<typeof storeFile>[1], bytes: number) =>
    pond.transaction({command: "test"}, (tx) => {
      const append = async (...[path, selection]: Parameters<typeof tx.append>) =>
        (await tx.append(path, selection, {parents: true})).rows;
      return storeFile(duck, read, {
        into: "/in/dock",
        range,
        bytes,
        target: {reader: tx, append, attempt: tx.attempt.bind(tx)}
      });
    });
  if (reading.held !== undefined) await store(await opened({content: reading.held}, duck), Infinity);
  const {result} = await store(read, bytes);
  const fs = await pond.fs();
  const found: Record<string, unknown> = {...result, notes: result.notes.map(told).sort()};
  for (const path of ["/in/dock", "/sys/aside/in/dock"]) {
    if (!(await fs.exists(path))) continue;
    const columns = [...(await (await fs.series(path)).columns())].sort((a, b) => (a.name < b.name ? -1 : 1));
    found[path] = {columns, readings: (await readings(pond, path)).map(sorted)};
  }
  await pond.close();
  return found;
}

function sorted(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether a file can be read in portions, and in how many. */
async function portionsIn(reading: Reading, bytes: number): Promise<number | undefined> {
  const {duck, ...read} = await opened(reading);
  let count = 0;
  const take = async () => void count++;
  return takePortions(duck, {...read, range, bytes}, take).then(
    () => count,
    () => undefined
  );
}

// ---- What comes of it ----

const count = 600;
const half = count / 2;

/** A second a row from 2025 on. */
function row(index: number): string {
  return `${timeOf(index)},${(index % 997) / 10},${index % 31}`;
}

function timeOf(index: number): string {
  return new Date(Date.UTC(2025, 0, 1) + index * 1000).toISOString();
}

const header = "timestamp,DO.mg/L,pH";
const rows = Array.from({length: count}, (_, index) => row(index));
const csv = (lines: readonly string[], head = header) => `${[head, ...lines].join("\n")}\n`;
const withRow = (index: number, line: string) => csv(rows.with(index, line));
const [time, before] = [timeOf(half), timeOf(half - 1)];
const bytes = 3000;

/** A clock on the wall in Los Angeles over the last night of summer time in 2025, a row every few minutes. */
function walled(step: number): string[] {
  return Array.from({length: 400}, (_, index) => {
    const instant = Date.UTC(2025, 10, 2, 9) + (index - 200) * step * 60_000;
    const local = new Date(instant - (instant < Date.UTC(2025, 10, 2, 9) ? 7 : 8) * 3_600_000);
    return `${local.toISOString().slice(0, 16).replace("T", " ")},${index / 8},1`;
  });
}

const long = rows.flatMap((line) => {
  const [at, oxygen, acid] = line.split(",");
  return [`${at},DO,mg/L,${oxygen}`, `${at},pH,,${acid}`];
});

/** Three hours around a midnight, as 2359 and 1 beside the date. */
const clocked = csv(
  Array.from({length: 180}, (_, index) => {
    const time = new Date(Date.UTC(2025, 0, 1, 22) + index * 60_000).toISOString();
    return `${time.slice(0, 10)},${Number(time.slice(11, 16).replace(":", ""))},${index / 8}`;
  }),
  "Date,Time,DO.mg/L"
);

const cases: readonly (Reading & {what: string; isCut: boolean; bytes?: number})[] = [
  {what: "numbers at times that rise", isCut: true, content: csv(rows)},
  {what: "times that fall", isCut: true, content: csv(rows.toReversed())},
  {what: "comments above the header and below", isCut: true, content: csv(["# e", ...rows], `# c\n# d\n${header}`)},
  {what: "a comment further down", isCut: true, content: csv(rows.with(half, "# e"), `# c\n${header}`)},
  {what: "a header in several lines", isCut: true, content: csv(rows, `Pier\n\ntimestamp,"DO.mg/L","pH\nof it"`)},
  {
    what: "minutes after midnight that the hours before tell",
    isCut: true,
    bytes: 400,
    content: clocked,
    timeZone: "Asia/Tokyo"
  },
  {what: "a time that comes twice", isCut: true, content: withRow(half, `${before},1,1`)},
  {what: "times that come twice where a portion ends", isCut: true, content: csv(rows.flatMap((one) => [one, one]))},
  {what: "two rows in turn", isCut: true, content: csv(rows.with(half, rows[half + 1]!).with(half + 1, rows[half]!))},
  {what: "a row without a time", isCut: true, content: withRow(half, ",1,1")},
  {what: "rows without a value", isCut: true, content: csv(rows.map((one, i) => (i % 9 ? one : `${timeOf(i)},,`)))},
  {
    what: "values that are none",
    isCut: true,
    content: csv(rows.with(half, `${time},n/a,1`).with(9, `${timeOf(9)},?,1`))
  },
  {what: "a value without an end", isCut: true, content: withRow(half, `${time},inf,1`)},
  {what: "a clock that was not set", isCut: true, content: withRow(half, "1970-01-01T00:00:00Z,1,1")},
  {what: "quotes", isCut: true, content: csv(rows.map((one) => one.replace(/[^,]+/g, '"$&"')))},
  {
    what: "lines that go on within quotes",
    isCut: true,
    content: csv(
      rows.map((one) => `${one},"a\n""b"""`),
      `${header},x`
    )
  },
  {
    what: "a column of text",
    isCut: true,
    content: csv(
      rows.map((one) => `${one},River Pier`),
      `${header},Station`
    )
  },
  {what: "a row per parameter", isCut: true, content: csv(long, "timestamp,parameter,unit,value")},
  {what: "words before the header", isCut: true, content: `Instrument: X\nSerial: 12\n${csv(rows)}`},
  {
    what: "decimal commas",
    isCut: true,
    content: csv(rows, header).replaceAll(",", ";").replaceAll(".", ",").replace("DO,mg", "DO.mg")
  },
  {what: "what is packed", isCut: true, content: gzipSync(csv(rows)), name: "dock.csv.gz"},
  {
    what: "readings that the series has",
    isCut: true,
    content: csv(rows),
    held: csv(rows.slice(200, 400).with(9, row(209).replace(/,[^,]+$/, ",77")))
  },
  {
    what: "an hour that comes twice",
    isCut: true,
    content: csv(walled(20)),
    timeZone: "America/Los_Angeles",
    bytes: 2000
  },
  {
    what: "a portion that ends in that hour",
    isCut: false,
    content: csv(walled(1)),
    timeZone: "America/Los_Angeles",
    bytes: 1000
  },
  {what: "halves that are out of order", isCut: false, content: csv([...rows.slice(half), ...rows.slice(0, half)])},
  {what: "a time far below the same", isCut: false, content: withRow(half, row(3))},
  {what: "times in no order", isCut: false, content: csv(rows.map((_, i) => row((i * 7) % count)))},
  {
    what: "a clock that was not set, twice",
    isCut: false,
    content: csv(rows.with(3, "1970-01-01T00:00:00Z,1,1").with(half, "1970-01-01T00:00:00Z,2,1"))
  },
  {
    what: "thousands that only a number further down tells from fractions",
    isCut: false,
    content: csv(rows.map((_, i) => `${timeOf(i)},${i === half ? '"1.234,5"' : "2.345"},1`))
  },
  {
    what: "numbers that turn into text",
    isCut: false,
    content: csv(rows.map((one, i) => (i < half ? one : one.replace(/[^,]+$/, "text"))))
  }
];

test.each(cases)(
  "in portions a file comes to what it does as a whole: $what",
  async ({isCut, what: _, bytes: each = bytes, ...reading}) => {
    const portions = await portionsIn(reading, each);
    if (isCut) expect(portions).toBeGreaterThan(2);
    else expect(portions).toBeUndefined();
    expect(await stored(reading, each)).toEqual(await stored(reading));
  }
);

test.each([
  ["plain", (i: number) => ({time: timeOf(i), a: i, in: {b: i / 2}})],
  [
    "with text, and keys that come and go",
    (i: number) => ({time: timeOf(i), a: i % 3 ? i : null, ...(i % 7 ? {} : {who: "x"})})
  ]
])("JSON lines in portions come to what they do as a whole: %s", async (_, objectAt) => {
  const lines = rows.map((_, index) => JSON.stringify(objectAt(index)));
  const content = `${lines.join("\n")}\n`;
  for (const reading of [
    {name: "dock.jsonl", content},
    {name: "dock.jsonl.gz", content: gzipSync(content)}
  ])
    expect(await stored(reading, bytes)).toEqual(await stored(reading));
});

test("a column whose name is spelled in two ways is refused wherever its values stand", async () => {
  const spelled = rows.map((one, index) => `${timeOf(index)},${index < half ? "1," : ",1"}`);
  const reading = {content: csv(spelled, "timestamp,DO (mg/L),DO.mg/L")};
  await expect(stored(reading, bytes)).rejects.toThrow('its columns "DO (mg/L)" and "DO.mg/L" are both DO.mg/L');
});

test("in portions any file comes to what it does as a whole", async () => {
  const value = fc.constantFrom("1", "2.5", "", "", "n/a", '"3"');
  const line = fc.tuple(fc.constantFrom(1, 1, 1, 1, 2, 0, -1), value, value, fc.constantFrom("x", "", '"a,\nb"'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, {minLength: 12, maxLength: 40}),
      fc.integer({min: 150, max: 700}),
      async (some, each) => {
        let seconds = 0;
        const written = some.map(([step, ...values]) => [timeOf((seconds += step)), ...values].join(","));
        const reading = {content: csv(written, "timestamp,a,b,who")};
        const whole = await stored(reading).catch(String);
        expect(await stored(reading, each).catch(String)).toEqual(whole);
      }
    ),
    {numRuns: 8}
  );
});

// ---- Portions ----

async function portions(
  content: string | Uint8Array,
  {name = "dock.csv", kin = 0}: {name?: string; kin?: number} = {}
) {
  const [file, scratch] = [join(await temporaryDirectory(), name), await temporaryDirectory()];
  await writeFile(file, content);
  const lines = {path: file, lead: 1, marks: {delimiter: ",", quote: '"', escape: '"'}, of: () => ""};
  const found: string[] = [];
  for await (const portion of portionsOf(lines, {scratch, bytes, kin: async () => kin})) {
    found.push(await readFile(portion, "utf8"));
    expect((await readdir(scratch)).length).toBeLessThanOrEqual(2);
    expect((await stat(portion)).size).toBeLessThanOrEqual(bytes + header.length + 1);
  }
  return found.map((one) => one.split("\n"));
}

test.each([1, 3])("a file is cut into portions of whole lines, %i of each left to the next", async (kin) => {
  const found = await portions(csv(rows), {kin});
  expect(found.length).toBeGreaterThan(4);
  for (const [first, ...others] of found) expect([first, others.at(-1)]).toEqual([header, ""]);
  expect(found.flatMap((lines) => lines.slice(1, -1))).toEqual(rows);
  expect(await portions(gzipSync(csv(rows)), {name: "dock.csv.gz", kin})).toEqual(found);
});

test.each([
  ["where a line is longer than a portion", withRow(half, `${time},${"1".repeat(4000)},1`)],
  ["where all rows of a portion are of the next", csv(rows), 1000]
])("a file is not cut %s", async (_, content, kin = 1) => {
  await expect(portions(content, {kin})).rejects.toThrow();
});

test("whether a byte stands somewhere an odd number of times is told wherever memory has it", () => {
  const bytes = fc.array(fc.constantFrom(34, 0, 162, 35, 255, 128, 33), {maxLength: 40});
  fc.assert(
    fc.property(bytes, fc.nat(9), fc.constantFrom(34, 0, 255, 128), (values, from, byte) => {
      const part = Buffer.from([...Array<number>(from).fill(34), ...values]).subarray(from);
      expect(isOdd(part, byte)).toBe(values.filter((one) => one === byte).length % 2 === 1);
    })
  );
});
