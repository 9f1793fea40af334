import type * as z from "zod";
import type {Duck} from "../pond/duck.js";
import type {
  DynamicContext,
  DynamicDirectory,
  Range,
  Reader,
  Selection,
  Series,
  Staged,
  Transaction
} from "../pond/types.js";

/** The words that cross files in loaders/, and the catalogue that the pages read. */

/** The world outside, as values, so that tests, benchmarks and `POND_NOW` can set it. */
export interface Effects {
  readonly now: () => number; // ms since 1970, UTC
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly reporter: Reporter;
}

/** Where progress goes: a live line on a terminal, plain lines in CI, nothing in tests. */
export interface Reporter {
  step(text: string): void; // what is being done now; replaces the one before on a terminal
  line(text: string): void; // something worth keeping
  warn(text: string): void; // expected trouble: the rest goes on
}

/** Where something stands in a YAML file. Line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One YAML document, validated: `spec` is complete, every default filled in. */
export interface Resource<Spec = unknown> {
  readonly kind: string;
  readonly name: string;
  readonly description: string;
  readonly uuid?: string; // its identity, where that is written
  readonly spec: Spec; // with `${env:NAME}` replaced
  readonly source: unknown; // the spec as it is written: what the pond keeps, so that it never holds a secret
  readonly place: Place;
}

/** What a kind may use while it runs. */
export interface RunContext {
  /** The newest snapshot: with all that was committed so far, by this resource and by those that it waited for. */
  readonly fs: () => Promise<Reader>;
  /**
   * Commits what `body` writes, at once and all or nothing: a run that is cut off later has kept it. The resources of a
   * run take turns at this, so fetch before and store within. `body` runs again when another program changed what it
   * read: it should have no other effects. Transactions do not nest.
   */
  readonly transaction: <T>(body: (tx: Transaction) => Promise<T>) => Promise<T>;
  /** Puts into the store what a later transaction appends: see `Pond.stage`. */
  readonly stage: (path: string, selection: Selection, duck: Duck) => Promise<Staged>;
  readonly duck: Duck; // for files of the host
  readonly effects: Effects;
  readonly kinds: readonly Kind[]; // of the resources that are applied
  readonly base: string; // host directory that relative paths in the resource start from: the one its YAML file is in
  readonly cache: string; // host directory for derived files, keyed by content
}

/** What one resource did in one run. */
export interface Report {
  readonly read: number; // readings seen at the source
  readonly stored: number; // readings added or restated
  readonly aside: number; // readings kept but left out of the series (unset clocks)
  readonly notes: readonly string[];
  readonly errors: readonly string[]; // expected trouble, one sentence each; the run goes on, the exit status says so
  readonly tests?: readonly TestedSeries[]; // how readings fared, of kind Validate
}

/** How the readings of a series fared in its tests. */
export interface TestedSeries {
  readonly series: string; // where it stands in the pond
  readonly columns: readonly ColumnCounts[];
}

/** How many readings of a column have which flag. */
export interface ColumnCounts {
  readonly column: string;
  readonly flags: FlagCounts; // rolled up
  readonly tests: Readonly<Partial<Record<TestName, FlagCounts>>>;
}

/**
 * A kind of resource: one file that exports one of these, and one line in kinds.ts. Of what it may do, `init` is part of
 * the transaction that first applies a resource; `start` of every resource comes before any `run`, and `backup` after
 * all of them. One that throws is in trouble: the others go on.
 */
export interface Kind<Spec = unknown> {
  readonly name: string;
  readonly summary: string; // one sentence for `pond kinds`
  readonly schema: z.ZodType<Spec>;
  reads?(spec: Spec): readonly string[]; // pond path patterns
  writes?(spec: Spec): readonly string[]; // pond path prefixes
  owns?(spec: Spec): readonly string[]; // pond paths that it alone may write, for what is there is made whole each time
  init?(resource: Resource<Spec>, tx: Transaction): Promise<void>;
  start?(resource: Resource<Spec>, context: RunContext): Promise<void>;
  run?(resource: Resource<Spec>, context: RunContext): Promise<Report>;
  backup?(resource: Resource<Spec>, context: RunContext): Promise<Report>;
  readonly dynamic?: Dynamic<Spec>;
}

/** Of kinds that compute a directory on access: where it stands, and how it is made from the applied spec. */
interface Dynamic<Spec> {
  path(spec: Spec): string;
  output?(spec: Spec): string | undefined; // the path that leads to the one series in it (see place.ts)
  sources?(spec: Spec): readonly string[]; // of what the kind reads, what it computes from; all unless given
  factory(config: unknown, context: ComputeContext): DynamicDirectory;
}

/** What a kind may use where it computes a directory. */
export interface ComputeContext extends DynamicContext {
  readonly kinds: readonly Kind[]; // of the resources that are applied
}

/** A series that another is made of, as that one tells it. */
export interface Origin {
  readonly series: Series;
  readonly period: Range; // while it is
  readonly threads: readonly Thread[];
  readonly isMended?: boolean; // on the way what calibrations found of it is made good
  readonly isShifted?: boolean; // what is made of a reading may stand at another time than that
}

/** A column of a series, and one of what it is made of from which it comes. */
export interface Thread {
  readonly from: string;
  readonly to: string;
  readonly isMade?: boolean; // something is computed of the readings; unless so they are the same, in whatever unit
  readonly turns: readonly Turn[]; // where several inputs have readings for the column: it is told in all of these
}

/** When readings are told among those of several inputs for one column: where none counts before one that there is. */
export interface Turn {
  readonly own: Claim;
  readonly before: readonly Claim[];
}

/** Readings for a column that others have readings for as well; half-open, µs UTC. */
export interface Claim {
  readonly series: Series;
  readonly column: string; // of that
  readonly period: Range;
}

/** How one resource fared, as `/sys/runs` and the status page tell it. */
export interface RunRow extends Report {
  readonly kind: string;
  readonly name: string;
  readonly started: number; // ms since 1970
  readonly tookMs: number;
  readonly stale: readonly string[]; // those in trouble that it waits for, as Kind/name: it went on with their last data
}

/** How a resource fared when it last had news, and when it last ran. */
export interface Fared extends RunRow {
  readonly last: Pick<RunRow, "started" | "tookMs">;
}

// ---- The catalogue: /data/catalogue.json of the built site, all that pages know of the data ----

export interface Catalogue {
  readonly title: string;
  readonly description: string;
  readonly timeZone: string; // IANA name, for display and local days
  readonly publisher?: string; // who publishes the readings, for citations
  readonly licence?: {readonly name: string; readonly url?: string}; // on what terms they may be used
  readonly logo?: string; // file under /data/, e.g. "logo.svg"
  readonly accent?: Shades; // of links and chosen buttons
  readonly pages?: readonly PageEntry[]; // what the sidebar lists; every page unless given
  readonly now: string; // ISO 8601: the clock of the run that published, for ages and freshness
  readonly sites: readonly SiteEntry[];
  readonly parameters: readonly ParameterEntry[];
  readonly thresholds: readonly ThresholdEntry[];
  readonly annotations: readonly AnnotationEntry[]; // by their begin
  readonly datasets: readonly DatasetEntry[];
  readonly overlays?: readonly OverlayEntry[]; // of parameters that several datasets have
  readonly version: number; // newest transaction
}

/** A colour as it stands out on light and on dark ground, CSS. */
export interface Shades {
  readonly light: string;
  readonly dark: string;
}

/** A page by its path or, of those that there are many of, by the word for all; perhaps under another name or heading. */
type PageEntry = PageName | {readonly name: string; readonly pages: readonly PageName[]};
export type PageName = string | {readonly name: string; readonly path: string};

export interface SiteEntry {
  readonly name: string; // as in the link: /sites/<slug>
  readonly slug: string;
  readonly label: string;
  readonly description: string;
  readonly dataset: string; // DatasetEntry.name
  readonly position?: readonly [longitude: number, latitude: number];
  readonly colour?: Shades; // one of the pages' own unless given
}

/** A parameter across sites. */
export interface ParameterEntry {
  readonly name: string; // e.g. "Temperature"
  readonly slug: string;
  readonly label: string;
  readonly unit: string; // of the published values
  readonly statistic?: string; // what the values are of readings, where they are none themselves
  readonly units: readonly UnitEntry[]; // in which readers may see it, the first at first; its own among them
  readonly columns: readonly {readonly dataset: string; readonly column: string}[];
}

/** A unit, and what makes a published value one in it: × factor, + offset. */
export interface UnitEntry {
  readonly unit: string;
  readonly factor: number;
  readonly offset: number;
}

/** A value that matters to readers of a parameter; a chart draws it where it shows that parameter in that unit. */
export interface ThresholdEntry {
  readonly parameter: string; // ColumnEntry.parameter
  readonly unit: string; // ColumnEntry.unit; a threshold is told in each unit that its parameter comes in
  readonly value: number;
  readonly label: string; // "Hypoxia"
  readonly kind: "note" | "warning" | "alarm";
  readonly side: "above" | "below"; // where readings are what the label says
  readonly datasets?: readonly string[]; // DatasetEntry.name: where it holds; everywhere unless given
}

/** What people know of readings: the annotations of kind Manual, told of the series that pages show. */
export interface AnnotationEntry {
  readonly kind: "deployment" | "calibration" | "outage" | "remark";
  readonly begin: string; // ISO 8601, inclusive
  readonly end?: string; // ISO 8601, exclusive; none: it still holds
  readonly flag?: number; // QARTOD's, for the readings of that time: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing
  readonly text: string;
  readonly series: readonly string[]; // whom it concerns: "<dataset>/<column>", as everywhere on the pages
}

export interface DatasetEntry {
  readonly name: string; // e.g. "BDock"
  readonly label: string;
  readonly begin?: string; // ISO 8601, first reading, inclusive
  readonly end?: string; // ISO 8601, last reading, inclusive
  readonly intervalMs: number; // median step between readings: a longer step than a few of these is a gap
  readonly columns: readonly ColumnEntry[];
  readonly resolutions: readonly ResolutionEntry[]; // fine to coarse
}

/** What several datasets have of one parameter, in shards as theirs, each column under `<dataset>/<its own name>`. */
export interface OverlayEntry {
  readonly name: string; // its folder under /data/, "~temperature"
  readonly parameter: string; // ParameterEntry.slug
  readonly datasets: readonly string[]; // DatasetEntry.name
  readonly resolutions: readonly ResolutionEntry[]; // fine to coarse
}

export interface ColumnEntry {
  readonly name: string; // e.g. "AT500_Surface.DO.mg/L"; in shards `<name>.avg`, `.min`, `.max`, `.count`
  readonly scope: string;
  readonly parameter: string;
  readonly unit: string;
  readonly statistic?: string; // what the values are of readings, where they are none themselves
  readonly label: string;
  readonly latest?: {readonly time: string; readonly value: number; readonly dayBefore?: number};
  readonly spark: readonly (number | null)[]; // daily means of the last 30 days, oldest first, null where nothing
  readonly quality?: QualityEntry; // none: its readings are not tested, and its shards count no flags
}

/** How the readings of a column are tested (QARTOD), and what came of it over the whole record. */
export interface QualityEntry extends Quality {
  readonly suspect: "keep" | "drop"; // whether suspect readings are in avg, min, max, count; failed ones never are
}

export interface Quality {
  readonly flags: FlagCounts; // rolled up: the worst that a test says, or what a person says
  readonly tests: readonly TestEntry[];
}

/** One test of a column, as it is published with the data. */
export interface TestEntry {
  readonly name: TestName;
  readonly label: string; // "Spike"
  readonly rule: string; // what is compared, e.g. "distance from the mean of the readings before and after"
  readonly suspect?: string; // when that is suspect, e.g. "above 0.5 °C"
  readonly fail?: string;
  readonly thresholds: Readonly<Record<string, unknown>>; // as the resource has them, numbers in the column's unit
  readonly flags: FlagCounts;
}

/** The tests of QARTOD (U.S. IOOS), and the flags that people give; the flags of one are in `<column>.flag.<name>`. */
export type TestName =
  | "grossRange"
  | "climatology"
  | "spike"
  | "rateOfChange"
  | "flatLine"
  | "attenuatedSignal"
  | "gap"
  | "neighbour"
  | "manual";

/** How many readings have each flag of QARTOD. */
export interface FlagCounts {
  readonly good: number; // 1
  readonly notEvaluated: number; // 2
  readonly suspect: number; // 3
  readonly fail: number; // 4
  readonly missing: number; // 9: the instrument told other parameters and not this
}

/** A level of a dataset. The readings themselves are one too, finer than all others. */
export interface ResolutionEntry {
  readonly name: string; // "1h", or "raw"
  readonly widthMs: number; // nominal; of the readings themselves the usual step from one to the next
  readonly raw?: true; // the readings themselves: rows are times, not bins
  readonly rows: number;
  readonly bytes: number; // of all its shards
  readonly percentiles?: "exact" | "estimated"; // as SQL reads them, where they are kept: of all readings, or by a t-digest within 1 % of the ranks
  readonly shards: readonly ShardEntry[]; // by time
}

/**
 * One Parquet file: `timestamp` (ms, UTC, start of bin) and per column avg, min, max (double) and count; of a column with
 * `quality` also `<name>.suspect` and `<name>.fail`, how many of the bin's readings are so flagged. A bin in which all
 * failed has a count of 0.
 *
 * Of the level `raw`: `timestamp` (ms, UTC, of the reading) and per column one double of the column's own name, null
 * where nothing was measured then: a column stands for its avg, min and max alike. Of a column with `quality` also
 * `<name>.flag`, QARTOD's of the reading; failed readings keep their values there.
 */
export interface ShardEntry {
  readonly file: string; // under /data/, e.g. "BDock/1h/2025-04-01-1a2b3c4d.parquet": its begin and the hash of its content
  readonly begin: string; // ISO 8601, inclusive: the span it covers
  readonly end: string; // ISO 8601, exclusive
}

/**
 * The catalogue as it is written: thousands of shards would be most of it, so a resolution's are told by what differs in
 * their names, "2025-04-01-1a2b3c4d"; each ends where the next begins. "2025-07-01" alone is where nothing begins.
 */
export type PackedCatalogue = Omit<Catalogue, "datasets" | "overlays"> & {
  readonly datasets: readonly Packed<DatasetEntry>[];
  readonly overlays?: readonly Packed<OverlayEntry>[];
};
export type Packed<T> = Omit<T, "resolutions"> & {readonly resolutions: readonly PackedResolution[]};
export type PackedResolution = Omit<ResolutionEntry, "shards"> & {readonly shards: readonly string[]};

// ---- The details: /data/details.json, what the pages Status and About the data tell and no other page fetches ----

export interface Details {
  readonly resources: readonly ResourceEntry[];
  readonly transactions: readonly TransactionEntry[]; // newest first, the last 50
  readonly check?: CheckEntry; // none: the pond has not been checked where it was published from
  readonly datasets: readonly DatasetDetails[]; // as in the catalogue
  readonly catalogueBytes: number;
}

export interface DatasetDetails {
  readonly name: string; // DatasetEntry.name
  readonly columns: readonly ColumnDetails[]; // as in the catalogue
  readonly gaps: readonly GapsEntry[]; // a scope each
  readonly deployments: readonly DeploymentEntry[]; // by scope and begin
}

/** How complete a column is, by the hours (or bins, where those are longer) that have a reading. */
export interface ColumnDetails {
  readonly readings: number;
  readonly coverage: number; // share of the hours from its first reading to its last, 0 to 1
  readonly recent: number; // share of those of the thirty days before the build
}

/** Where a scope has no reading of any parameter for longer than a few sampling intervals. */
export interface GapsEntry {
  readonly scope: string;
  readonly count: number;
  readonly missingMs: number; // of all together
  readonly longest: readonly GapEntry[]; // the longest first
}

interface GapEntry {
  readonly begin: string; // ISO 8601, inclusive
  readonly end: string; // ISO 8601, exclusive
}

/** An instrument's series while it is part of a dataset. */
export interface DeploymentEntry {
  readonly scope?: string; // none: of all
  readonly series: string; // its path in the pond
  readonly begin?: string; // ISO 8601, inclusive; none: from its first reading on
  readonly end?: string; // ISO 8601, exclusive; none: it goes on
}

/** What the last check of the pond found (`pond check`). */
export interface CheckEntry {
  readonly time: string; // ISO 8601
  readonly commits: number;
  readonly records: number;
  readonly hashed: number; // contents whose hash was computed anew
  readonly problems: number;
}

export interface ResourceEntry {
  readonly kind: string;
  readonly name: string;
  readonly description: string;
  readonly lastRun?: string; // ISO 8601
  readonly tookMs?: number;
  readonly lastNews?: string; // ISO 8601: the last run that had any, which the rest tells of
  readonly read: number;
  readonly stored: number;
  readonly aside: number;
  readonly notes: readonly string[];
  readonly errors: readonly string[];
  readonly stale: readonly string[]; // resources in trouble whose last data it went on with, as Kind/name
  readonly newest?: string; // ISO 8601, the newest reading in what it stores
  readonly datasets: readonly string[]; // DatasetEntry.name: what it is part of
}

export interface TransactionEntry {
  readonly version: number;
  readonly time: string; // ISO 8601
  readonly command: string;
  readonly user: string;
  readonly tookMs: number;
  readonly operations: number;
  readonly rows: number;
}
