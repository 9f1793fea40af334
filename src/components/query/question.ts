import type {Catalogue, ColumnEntry, DatasetEntry, ResolutionEntry} from "../../../loaders/types.js";
import type {Turn} from "../time/zone.js";

/** What can be asked of the published data in SQL: tables, their columns, queries to start from, and what errors mean. */

/** A resolution of a dataset, as a table. */
export interface Source {
  readonly name: string; // "basin_1d": needs no quotes in SQL
  readonly dataset: DatasetEntry;
  readonly resolution: ResolutionEntry;
}

type Known = Pick<Catalogue, "datasets" | "sites">;

/** Every resolution of every dataset as a table, named by site and resolution. */
export function sourcesOf({datasets, sites}: Known): readonly Source[] {
  const taken = new Set<string>();
  return datasets.flatMap((dataset) => {
    const slug = sites.find((site) => site.dataset === dataset.name)?.slug ?? dataset.name;
    const own = wordOf(slug);
    const name = taken.has(own) ? wordOf(dataset.name) : own;
    taken.add(name);
    return dataset.resolutions.map((resolution) => ({
      name: `${name}_${wordOf(resolution.name, "")}`,
      dataset,
      resolution
    }));
  });
}

function wordOf(text: string, before = "site_"): string {
  const word = text.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  return /^\d/.test(word) ? `${before}${word}` : word;
}

/** The columns of a table beside `timestamp`, as they are spelled in it. */
export function columnsIn({dataset, resolution}: Source): readonly string[] {
  const statistics = resolution.raw ? [""] : [".avg", ".min", ".max", ".count"];
  return dataset.columns.flatMap(({name}) => statistics.map((statistic) => `${name}${statistic}`));
}

/** A name as SQL wants it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The query that shows some columns of a table. */
export function selectOf(source: Source, columns: readonly string[]): string {
  return `SELECT timestamp, ${columns.map(quoted).join(", ")}\nFROM ${source.name}\nORDER BY timestamp`;
}

export interface Example {
  readonly label: string;
  readonly sql: string;
}

/** Queries that run on the data that there is, about the first of the parameters; none where there is none. */
export function examplesOf(
  sources: readonly Source[],
  parameters: readonly {readonly name: string}[]
): readonly Example[] {
  const [first] = sources;
  if (!first || first.dataset.columns.length === 0) return [];
  const binned = sources.filter(({resolution}) => !resolution.raw);
  const of = ({dataset}: Source) => binned.filter((source) => source.dataset === dataset);
  const [fine, coarse] = [hourly(of(first)), of(first).at(-1)];
  if (!fine || !coarse) return [];
  const place = ({parameter}: ColumnEntry) => parameters.findIndex(({name}) => name === parameter);
  const [column] = [...first.dataset.columns].sort((a, b) => place(a) - place(b)) as [ColumnEntry];
  const others = binned.filter(
    ({dataset, resolution}) => dataset !== first.dataset && resolution.name === coarse.resolution.name
  );
  return [
    monthly(coarse, column),
    ...others.slice(0, 1).flatMap((other) => sideBySide([coarse, other], column)),
    hours(fine, column),
    extremes(coarse, column),
    counts(coarse, column)
  ];
}

/** The resolution nearest to an hour, that shows the day. */
function hourly(sources: readonly Source[]): Source | undefined {
  const distance = ({resolution}: Source) => Math.abs(Math.log(resolution.widthMs / 3_600_000));
  return [...sources].sort((a, b) => distance(a) - distance(b))[0];
}

function statistic({name}: ColumnEntry, what: string): string {
  return quoted(`${name}.${what}`);
}

function monthly(source: Source, column: ColumnEntry): Example {
  return {
    label: `${column.label} by month`,
    sql: `SELECT date_trunc('month', timestamp) AS month,
  avg(${statistic(column, "avg")}) AS mean,
  min(${statistic(column, "min")}) AS least,
  max(${statistic(column, "max")}) AS greatest
FROM ${source.name}
GROUP BY month
ORDER BY month`
  };
}

/** A column that two datasets share, joined on time. */
function sideBySide([one, other]: readonly [Source, Source], column: ColumnEntry): Example[] {
  if (!other.dataset.columns.some(({name}) => name === column.name)) return [];
  return [
    {
      label: `${column.label}, ${one.dataset.label} beside ${other.dataset.label}`,
      sql: `SELECT a.timestamp,
  a.${statistic(column, "avg")} AS ${quoted(one.dataset.label)},
  b.${statistic(column, "avg")} AS ${quoted(other.dataset.label)}
FROM ${one.name} AS a
JOIN ${other.name} AS b ON a.timestamp = b.timestamp
ORDER BY a.timestamp`
    }
  ];
}

function hours(source: Source, column: ColumnEntry): Example {
  return {
    label: `${column.label} by the hour of the day`,
    sql: `SELECT hour(local_time(timestamp)) AS hour,
  avg(${statistic(column, "avg")}) AS mean
FROM ${source.name}
GROUP BY hour
ORDER BY hour`
  };
}

function extremes(source: Source, column: ColumnEntry): Example {
  return {
    label: `The ten highest of ${column.label}`,
    sql: `SELECT timestamp, ${statistic(column, "max")} AS greatest
FROM ${source.name}
WHERE ${statistic(column, "max")} IS NOT NULL
ORDER BY greatest DESC
LIMIT 10`
  };
}

function counts(source: Source, column: ColumnEntry): Example {
  return {
    label: "Readings a month",
    sql: `SELECT date_trunc('month', timestamp) AS month,
  sum(${statistic(column, "count")})::INTEGER AS readings
FROM ${source.name}
GROUP BY month
ORDER BY month`
  };
}

/** SQL that teaches the engine a zone's clocks, which it does not know: `local_time(timestamp)`. */
export function localTimeSql(turns: readonly Turn[]): string {
  const last = turns.at(-1)!;
  const cases = turns.slice(1).map(({time}, index) => {
    const until = new Date(time).toISOString().slice(0, 19).replace("T", " ");
    return `WHEN t::TIMESTAMP < TIMESTAMP '${until}' THEN ${turns[index]!.minutes}`;
  });
  const minutes = cases.length === 0 ? String(last.minutes) : `CASE ${cases.join(" ")} ELSE ${last.minutes} END`;
  return `CREATE OR REPLACE MACRO local_time(t) AS t::TIMESTAMP + to_minutes(${minutes})`;
}

/** What an error of the engine means, in a sentence that says what to do. */
export function sentenceOf(message: string, sources: readonly Source[]): string {
  const [first = "", ...rest] = message.split("\n");
  const [, kind = "", what = first] = /^(?:Error: )?(\w[\w ]*?) Error: (.*)$/.exec(first) ?? [];
  const [, line] = /^LINE (\d+):/m.exec(message) ?? [];
  const [, candidates] = /^Candidate bindings: (.*)$/m.exec(rest.join("\n")) ?? [];
  const place = line === undefined ? "" : ` (line ${line})`;
  if (kind === "" && /[.?]$/.test(first)) return first; // a sentence already
  const reason = what.replace(/[.!]?\s*$/, "");
  const table = /^Table with name (\S+) does not exist/.exec(what)?.[1];
  if (table !== undefined)
    return `There is no table ${table}${place}; there are ${sources.map(({name}) => name).join(", ")}.`;
  if (kind === "Parser") return `The query cannot be read${place}: ${reason}.`;
  if (candidates !== undefined) return `${reason}${place}; did you mean ${candidates.replace(/,? +/g, ", ")}?`;
  if (kind === "Out of Memory") return "The query needs more memory than a browser has: ask for less at once.";
  return kind === "" ? `${reason}.` : `The query does not work${place}: ${reason}.`;
}
