import {createReadStream} from "node:fs";
import {stat} from "node:fs/promises";
import {join} from "node:path";
import {identifier, literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import {lastLineEnd} from "./content.js";
import {expand} from "./expand.js";
import {otlpSource} from "./otlp.js";
import {bytesOf, isGzip} from "./content.js";
import {isNumber, isTimeName} from "../time/field.js";
import type {Field} from "../time/field.js";
import {hostFile} from "./source.js";
import type {How, Source} from "./source.js";

/**
 * JSON, an object per row: one a line, or all in an array. A value in an object within is a column `outer.inner`. Lines
 * of OTLP metrics, as an OpenTelemetry collector writes them, are told by what they hold.
 */
export async function jsonSource(duck: Duck, path: string, how: How): Promise<Source> {
  const areLines = !path.endsWith(".zst") && (await isLines(path));
  const mayGrow = areLines && !isGzip(path);
  const whole = mayGrow ? await withoutTornLine(path, how) : path;
  const objects = `read_json_objects(${hostFile(whole)}, hive_partitioning = false)`;
  const [first] = await duck.rows(`SELECT json_exists(json, '$.resourceMetrics') AS otlp FROM ${objects} LIMIT 1`);
  const source =
    first?.otlp === true
      ? await otlpSource(duck, objects)
      : ((await typedSource(duck, {path: whole, objects, areLines}, how)) ?? (await flatSource(duck, objects)));
  return {...source, ...(whole === path ? {} : {ending: "torn"}), ...(mayGrow ? {settled: {lead: 0}} : {})};
}

/** Whether the first line is an object, and not the beginning of one, or of an array. */
async function isLines(path: string): Promise<boolean> {
  let text = "";
  for await (const chunk of bytesOf(path)) {
    text += chunk.toString("latin1");
    if (text.length > 1 << 24) return false;
    const line = /^\s*(\S[^\n]*)\n/.exec(text)?.[1];
    if (line !== undefined) return isObject(line);
  }
  return isObject(text.trim());
}

function isObject(text: string): boolean {
  try {
    return text.startsWith("{") && typeof JSON.parse(text) === "object";
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

async function withoutTornLine(path: string, {scratch}: How): Promise<string> {
  const {size} = await stat(path);
  const end = await lastLineEnd(path, size);
  if (end === size || end === 0) return path;
  let text = "";
  for await (const chunk of createReadStream(path, {encoding: "utf8", start: end})) text += chunk as string;
  if (text.trim() === "" || isObject(text.trim())) return path;
  const file = join(scratch, "whole.jsonl");
  await expand(path, file, undefined, end);
  return file;
}

// ---- As DuckDB finds them out ----

interface Objects {
  readonly path: string;
  readonly objects: string; // in FROM position: each as `json`
  readonly areLines: boolean;
}

/** A value in an object, or the values in an object within. */
interface Member {
  readonly type: string; // as it is to be read
  readonly text: string; // the same with text for numbers
  readonly fields: readonly Omit<Field, "sql">[];
  readonly sql: readonly string[]; // of these
}

/**
 * Objects that hold under one name the same sort of value throughout: numbers are read as such, all else as text.
 * Undefined for any others, and for names that DuckDB does not tell apart.
 */
async function typedSource(duck: Duck, {path, objects, areLines}: Objects, how: How): Promise<Source | undefined> {
  const all = "sample_size = -1, field_appearance_threshold = 0, map_inference_threshold = -1, records = true";
  const members = await duck
    .rows(`DESCRIBE SELECT * FROM read_json(${hostFile(path)}, hive_partitioning = false, ${all})`)
    .catch(() => []); // what is wrong is told by who reads it otherwise
  const names = members.map((member) => String(member.column_name));
  if (names.length === 0 || !(await areKeys(duck, objects, names))) return undefined;
  const found: Member[] = [];
  for (const {column_name, column_type} of members) {
    const header = String(column_name);
    const member = await memberOf(duck, {header, type: String(column_type), sql: identifier(header)}, how);
    if (!member) return undefined;
    found.push(member);
  }
  const texts = found.map((member) => ({
    ...member,
    type: member.text,
    fields: member.fields.map((field) => ({...field, type: "VARCHAR"}))
  }));
  const mixed = names.filter((_, index) => members[index]!.column_type === "JSON");
  if (await areObjects(duck, objects, mixed)) return undefined;
  const as = (read: readonly Member[]): Source => {
    const spec = names.map((name, index) => `${literal(name)}: ${literal(read[index]!.type)}`).join(", ");
    const columns = read.flatMap(({sql}) => sql).map((sql, index) => `${sql} AS c${index}`);
    const of = (path: string) =>
      `(SELECT ${columns.join(", ")} FROM read_json(${hostFile(path)}, hive_partitioning = false, columns = {${spec}}))`;
    const fields = read.flatMap((member) => member.fields).map((field, index) => ({...field, sql: `c${index}`}));
    return {from: of(path), fields, decimal: ".", notes: [], ...(areLines ? {lines: {path, lead: 0, of}} : {})};
  };
  return {...as(found), asText: as(texts)};
}

/** How a member is read, of which DuckDB tells the type; undefined where that may hold objects and something else. */
async function memberOf(duck: Duck, {header, outer, type, sql}: Field, how: How): Promise<Member | undefined> {
  if (!type.startsWith("STRUCT(") || type.endsWith("]")) {
    const isValue = isNumber(type) && header !== how.time && !isTimeName(header);
    const read = isValue ? "DOUBLE" : "VARCHAR";
    const field = {header, type: read, ...(outer === undefined ? {} : {outer})};
    return {type: read, text: "VARCHAR", fields: [field], sql: [sql]};
  }
  const inner = await duck.rows(`DESCRIBE SELECT s.* FROM (SELECT NULL::${type} AS s)`);
  const found: (Member & {name: string})[] = [];
  for (const {column_name, column_type} of inner) {
    if (column_type === "JSON") return undefined;
    const name = identifier(String(column_name));
    const outer = `${header}.`;
    const field = {header: `${outer}${String(column_name)}`, outer, type: String(column_type), sql: `${sql}.${name}`};
    const member = await memberOf(duck, field, how);
    if (!member) return undefined;
    found.push({...member, name});
  }
  const struct = (of: (one: Member) => string) => `STRUCT(${found.map((one) => `${one.name} ${of(one)}`).join(", ")})`;
  return {
    type: struct(({type}) => type),
    text: struct(({text}) => text),
    fields: found.flatMap(({fields}) => fields),
    sql: found.flatMap((one) => one.sql)
  };
}

/** Whether names are the objects' own, where they look as if DuckDB had made them of two that differ by case. */
async function areKeys(duck: Duck, objects: string, names: readonly string[]): Promise<boolean> {
  if (!names.some((name) => /_\d+$/.test(name))) return true;
  const found = await duck.rows(`SELECT DISTINCT unnest(json_keys(json)) AS key FROM ${objects}`);
  const keys = new Set(found.map(({key}) => key));
  return names.every((name) => keys.has(name));
}

/** Whether some of what stands under these names are objects. */
async function areObjects(duck: Duck, objects: string, names: readonly string[]): Promise<boolean> {
  if (names.length === 0) return false;
  const paths = names.map((name) => literal(pointerTo(name))).join(", ");
  const [row] = await duck.rows(
    `SELECT bool_or(list_contains(json_type(json, [${paths}]), 'OBJECT')) AS some FROM ${objects}`
  );
  return row!.some === true;
}

/** As RFC 6901 has it, which names anything. */
function pointerTo(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

// ---- As they are ----

interface Leaf {
  readonly header: string;
  readonly outer: string; // what of it names objects that this is in
  readonly path: string; // as JSON paths are written
}

async function flatSource(duck: Duck, objects: string): Promise<Source> {
  await refuseTwins(duck, objects);
  const leaves = await leavesOf(duck, objects, {header: "", outer: "", path: "$"});
  if (leaves.length === 0) throw new Error("it holds no objects with values");
  const fields = leaves.map(({header, outer}, index) => ({header, outer, type: "VARCHAR", sql: `c${index}`}));
  const list = `json_extract_string(json, [${leaves.map(({path}) => literal(path)).join(", ")}])`;
  const columns = leaves.map((_, index) => `list[${index + 1}] AS c${index}`).join(", ");
  const from = `(SELECT ${columns} FROM (SELECT ${list} AS list FROM ${objects}))`;
  return {from, fields, decimal: ".", notes: []};
}

async function refuseTwins(duck: Duck, objects: string): Promise<void> {
  const [twin] = await duck.rows(
    `SELECT key FROM (SELECT json, unnest(json_keys(json)) AS key FROM ${objects}
       WHERE len(json_keys(json)) > len(list_distinct(json_keys(json)))) GROUP BY json, key HAVING count(*) > 1 LIMIT 1`
  );
  if (twin) throw new Error(`it has an object with "${String(twin.key)}" twice, of which only one can count`);
}

/** The values in objects, those in objects within them too, in the order in which they come. */
async function leavesOf(duck: Duck, objects: string, {header: outer, path}: Leaf): Promise<readonly Leaf[]> {
  const at = literal(path);
  const found = await duck.rows(
    `SELECT key, bool_or(type = 'OBJECT') AS outer, bool_or(type NOT IN ('OBJECT', 'NULL')) AS inner FROM
       (SELECT key, place, json_type(json, ${at} || '."' || key || '"') AS type FROM
         (SELECT json, unnest(json_keys(json, ${at})) AS key, generate_subscripts(json_keys(json, ${at}), 1) AS place FROM ${objects}))
     WHERE NOT contains(key, '"') GROUP BY key ORDER BY min(place), key`
  );
  const leaves: Leaf[] = [];
  for (const {key, outer: isOuter, inner: isValue} of found) {
    const inner = {header: outer + String(key), outer, path: `${path}."${String(key)}"`};
    if (isOuter !== true || isValue === true) leaves.push(inner); // where it is an object, that is text
    if (isOuter === true) leaves.push(...(await leavesOf(duck, objects, {...inner, header: `${inner.header}.`})));
  }
  return leaves;
}
