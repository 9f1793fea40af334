import {type Duck, literal} from "../../pond/duck.js";
import {PondError} from "../../pond/error.js";

/**
 * Whether what SQL gives depends on its inputs alone. What is computed is kept by the content of these: whatever else it
 * read would be stale for ever, and what changes each time would differ from what is kept.
 */

interface Asked {
  readonly path: string; // of what it makes
  readonly sql: string;
  readonly inputs: readonly string[]; // names of tables
  readonly columns: ReadonlySet<string>; // of these
}

/** Why it is refused. */
interface Offence {
  readonly at: number; // the byte at which that stands
  readonly reason: string;
}

/** Table functions that read nothing. */
const readless = ["range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree"];

/** What DuckDB calls consistent, and is not: the clock, or what a session is set to. */
const unsteady = ["current_localtime", "current_localtimestamp", "current_setting", "getvariable"];

/** Functions that may stand without brackets, and by what name each is one. */
const bare: Readonly<Record<string, string>> = {
  current_date: "current_date",
  current_time: "get_current_time",
  current_timestamp: "get_current_timestamp",
  localtime: "current_localtime",
  localtimestamp: "current_localtimestamp",
  current_schema: "current_schema"
};

/** What the SQL is looked at in, as it is run: so it can end nothing that stands around it. */
const [before, after] = ["SELECT * FROM (\n", "\n)"];

/** Throws a sentence for SQL whose result depends on more than its inputs. What is no SQL passes: to run it tells why. */
export async function requirePure(duck: Duck, asked: Asked): Promise<void> {
  const {error, error_type: type, statements} = await treeOf(duck, `${before}${asked.sql}${after}`);
  if (error && type === "parser") return;
  if (error || statements?.length !== 1)
    throw refusal(asked, {at: -1, reason: "it is not one SELECT, or has a PIVOT without IN (…)"});
  const tables = new Set(asked.inputs.map((name) => name.toLowerCase()));
  const [offence] = [...readsIn(statements, tables, asked.inputs), ...(await changesIn(duck, statements, asked))];
  if (offence) throw refusal(asked, offence);
}

interface Parsed {
  readonly error: boolean;
  readonly error_type?: string;
  readonly statements?: readonly unknown[];
}

async function treeOf(duck: Duck, sql: string): Promise<Parsed> {
  const [row] = await duck.rows(`SELECT json_serialize_sql(${literal(sql)})::VARCHAR AS tree`);
  return JSON.parse(row!.tree as string) as Parsed;
}

function refusal({path, sql}: Asked, {at, reason}: Offence): PondError {
  const place = placeOf(sql, at - before.length);
  const where = place === undefined ? "" : ` at line ${place.line}, column ${place.column}`;
  return new PondError("BAD_QUERY", `The SQL of ${path} cannot be run${where}: ${reason}.`, {sql, ...place});
}

/** Both from 1, as editors count; undefined for a byte that is not of the SQL. */
function placeOf(sql: string, at: number): {readonly line: number; readonly column: number} | undefined {
  const bytes = Buffer.from(sql);
  if (at < 0 || at >= bytes.length) return undefined;
  const lines = bytes.subarray(0, at).toString().split("\n");
  return {line: lines.length, column: lines.at(-1)!.length + 1};
}

// ---- What is read ----

/** The columns that one SELECT names, in small letters; undefined where it may read any, as by `*`. */
export async function columnsNamed(duck: Duck, sql: string): Promise<ReadonlySet<string> | undefined> {
  const {error, statements} = await treeOf(duck, sql);
  const names = new Set<string>();
  return !error && collect(statements, names) ? names : undefined;
}

/** Whether all that a tree reads is named in it. */
function collect(tree: unknown, names: Set<string>): boolean {
  if (typeof tree !== "object" || tree === null) return true;
  const {type, column_names: parts = []} = tree as Part;
  if (type === "STAR" || type === "PIVOT") return false;
  for (const part of type === "COLUMN_REF" ? parts : []) names.add(part.toLowerCase());
  return Object.values(tree).every((each) => collect(each, names));
}

/** What may stand in the tree of a statement, as DuckDB calls it. */
interface Part {
  readonly type?: string;
  readonly query_location?: number;
  readonly schema_name?: string;
  readonly catalog_name?: string;
  readonly table_name?: string;
  readonly cte_name?: string; // of one that reads itself
  readonly cte_map?: {readonly map: readonly {readonly key: string; readonly value: unknown}[]};
  readonly function?: Part;
  readonly function_name?: string;
  readonly children?: readonly unknown[];
  readonly column_names?: readonly string[];
  readonly sample?: unknown;
}

/** Tables that are neither inputs nor named by WITH, functions that read, and samples. */
function* readsIn(tree: unknown, known: ReadonlySet<string>, inputs: readonly string[]): Iterable<Offence> {
  if (typeof tree !== "object" || tree === null) return;
  const {cte_map: named, ...part} = tree as Part;
  const names = new Set([...known, ...(part.cte_name === undefined ? [] : [part.cte_name.toLowerCase()])]);
  for (const {key, value} of named?.map ?? []) {
    yield* readsIn(value, names, inputs); // before it is known: it does not name itself
    names.add(key.toLowerCase());
  }
  const reason = readOf(part, names, inputs);
  if (reason !== undefined) yield {at: placeIn(part), reason};
  for (const each of Object.values(part)) yield* readsIn(each, names, inputs);
}

function readOf(part: Part, names: ReadonlySet<string>, inputs: readonly string[]): string | undefined {
  const {type, table_name: table = ""} = part;
  const isElsewhere = part.schema_name || part.catalog_name;
  if (type === "BASE_TABLE" && (isElsewhere || !names.has(table.toLowerCase())))
    return `there is no table ${table}; inputs names ${inputs.join(", ")}`;
  if (type === "TABLE_FUNCTION" && !readless.includes(part.function!.function_name!.toLowerCase()))
    return `${part.function!.function_name} reads what is no input: store that as a series, and name it in inputs`;
  if (type === "SHOW_REF") return "DESCRIBE, SHOW and SUMMARIZE tell of more than the inputs: select what is in them";
  if (part.sample) return "a sample is another one each time: a result may depend on the inputs alone";
  return undefined;
}

function placeIn({query_location: at = -1, function: called}: Part): number {
  return called?.query_location ?? at;
}

// ---- What changes ----

/** Functions that give something else each time. */
async function changesIn(duck: Duck, tree: unknown, {columns}: Asked): Promise<readonly Offence[]> {
  const offences: Offence[] = [];
  for (const {at, name, meant} of callsIn(tree, new Set([...columns, ...aliasesIn(tree)])))
    if (await changes(duck, meant))
      offences.push({at, reason: `${name} gives something else each time: a result may depend on the inputs alone`});
  return offences;
}

interface Call {
  readonly at: number;
  readonly name: string;
  readonly meant: string; // the function
}

function* callsIn(tree: unknown, columns: ReadonlySet<string>): Iterable<Call> {
  if (typeof tree !== "object" || tree === null) return;
  const part = tree as Part;
  const [at, name] = [part.query_location ?? -1, part.function_name];
  if (name !== undefined) yield {at, name, meant: isAge(part) ? "now" : name.toLowerCase()};
  const [column = "", ...more] = part.type === "COLUMN_REF" ? (part.column_names ?? []) : [];
  const meant = more.length === 0 && !columns.has(column) ? bare[column.toLowerCase()] : undefined;
  if (meant !== undefined) yield {at, name: column, meant};
  for (const each of Object.values(tree)) yield* callsIn(each, columns);
}

/** The age of one time is counted up to now. */
function isAge({function_name: name, children = []}: Part): boolean {
  return name?.toLowerCase() === "age" && children.length === 1;
}

/** What columns are called within the SQL. */
function aliasesIn(tree: unknown): string[] {
  if (typeof tree !== "object" || tree === null) return [];
  const {alias} = tree as {readonly alias?: unknown};
  return [...(typeof alias === "string" ? [alias] : []), ...Object.values(tree).flatMap(aliasesIn)];
}

const known = new Map<string, Promise<boolean>>(); // as DuckDB is the same for all

function changes(duck: Duck, name: string): Promise<boolean> {
  const found = known.get(name) ?? looked(duck, name);
  known.set(name, found);
  found.catch(() => known.delete(name));
  return found;
}

async function looked(duck: Duck, name: string): Promise<boolean> {
  if (name === "error") return false; // gives nothing
  if (unsteady.includes(name)) return true;
  const rows = await duck.rows(
    `SELECT DISTINCT stability, CASE WHEN function_type = 'macro' THEN macro_definition END AS macro
     FROM duckdb_functions() WHERE lower(function_name) = ${literal(name)}`
  );
  for (const {stability, macro} of rows) {
    if (stability !== null && stability !== "CONSISTENT") return true;
    if (macro !== null && (await changesWithin(duck, macro as string, name))) return true;
  }
  return false;
}

async function changesWithin(duck: Duck, macro: string, name: string): Promise<boolean> {
  const {statements} = await treeOf(duck, `SELECT ${macro}`);
  for (const {meant} of callsIn(statements, new Set())) if (meant !== name && (await changes(duck, meant))) return true;
  return false;
}
