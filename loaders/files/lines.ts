import {createReadStream} from "node:fs";
import {stat} from "node:fs/promises";
import {join} from "node:path";
import {literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import {lastLineEnd} from "./content.js";
import {expand} from "./expand.js";
import {otlpSource} from "./otlp.js";
import {hostFile} from "./source.js";
import type {How, Source} from "./source.js";

/**
 * JSON, an object per row: one a line, or all in an array. A value in an object within is a column `outer.inner`. Lines
 * of OTLP metrics, as an OpenTelemetry collector writes them, are told by what they hold.
 */
export async function jsonSource(duck: Duck, path: string, how: How): Promise<Source> {
  const mayGrow = !/\.(gz|zst)$/.test(path) && (await isLines(path));
  const whole = mayGrow ? await withoutTornLine(path, how) : path;
  const objects = `read_json_objects(${hostFile(whole)}, hive_partitioning = false)`;
  const [first] = await duck.rows(`SELECT json_exists(json, '$.resourceMetrics') AS otlp FROM ${objects} LIMIT 1`);
  const source = first?.otlp === true ? await otlpSource(duck, objects) : await flatSource(duck, objects);
  return {...source, ...(whole === path ? {} : {ending: "torn"}), ...(mayGrow ? {settled: {lead: 0}} : {})};
}

/** Whether the first line is an object, and not the beginning of one, or of an array. */
async function isLines(path: string): Promise<boolean> {
  let text = "";
  for await (const chunk of createReadStream(path, {encoding: "utf8", end: (1 << 24) - 1})) {
    text += chunk as string;
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

interface Leaf {
  readonly header: string;
  readonly path: string; // as JSON paths are written
}

async function flatSource(duck: Duck, objects: string): Promise<Source> {
  const leaves = await leavesOf(duck, objects, {header: "", path: "$"});
  if (leaves.length === 0) throw new Error("it holds no objects with values");
  const fields = leaves.map(({header}, index) => ({header, type: "VARCHAR", sql: `c${index}`}));
  const list = `json_extract_string(json, [${leaves.map(({path}) => literal(path)).join(", ")}])`;
  const columns = leaves.map((_, index) => `list[${index + 1}] AS c${index}`).join(", ");
  const from = `(SELECT ${columns} FROM (SELECT ${list} AS list FROM ${objects}))`;
  return {from, fields, decimal: ".", notes: []};
}

/** The values in objects, those in objects within them too, in the order in which they come. */
async function leavesOf(duck: Duck, objects: string, {header, path}: Leaf): Promise<readonly Leaf[]> {
  const at = literal(path);
  const found = await duck.rows(
    `SELECT key, bool_or(type = 'OBJECT') AS outer FROM
       (SELECT key, place, json_type(json, ${at} || '."' || key || '"') AS type FROM
         (SELECT json, unnest(json_keys(json, ${at})) AS key, generate_subscripts(json_keys(json, ${at}), 1) AS place FROM ${objects}))
     WHERE NOT contains(key, '"') GROUP BY key ORDER BY min(place), key`
  );
  const leaves: Leaf[] = [];
  for (const {key, outer} of found) {
    const inner = {header: header + String(key), path: `${path}."${String(key)}"`};
    if (outer !== true) leaves.push(inner);
    else leaves.push(...(await leavesOf(duck, objects, {...inner, header: `${inner.header}.`})));
  }
  return leaves;
}
