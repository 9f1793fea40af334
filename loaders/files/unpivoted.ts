import {literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import {clockOf} from "../time/clock.js";
import {isNumber, isText} from "../time/field.js";
import type {Field} from "../time/field.js";
import {longForm, scopesIn} from "./long.js";
import type {How, Source} from "./source.js";
import {wordsAmong} from "./text.js";

/** A source with a column per parameter as one with a row per parameter, where its resource names a scope. */
export async function withScope(duck: Duck, source: Source, how: How): Promise<Source> {
  if ((how.scope ?? []).length === 0 || longForm(source.fields, {...how, scope: []})) return source;
  const scopes = scopesIn(source.fields, how);
  const clock = how.clock ?? (await clockOf(duck, source, how));
  const isKept = ({sql}: Field) => [...clock.fields, ...scopes].some((field) => field.sql === sql);
  const beside = source.fields.filter((field) => !isKept(field) && isText(field));
  const texts = await wordsAmong(duck, source.from, beside);
  const left = texts.map(({header}) => `column "${header}" left out (it holds text)`);
  const isValue = (field: Field) => !isKept(field) && !texts.some(({sql}) => sql === field.sql);
  return inRows({...source, notes: [...source.notes, ...left]}, {isKept, isValue});
}

interface Which {
  readonly isKept: (field: Field) => boolean;
  readonly isValue: (field: Field) => boolean;
}

function inRows(source: Source, which: Which): Source {
  const {fields, lines, asText} = source;
  const [values, kept] = [fields.filter(which.isValue), fields.filter(which.isKept)];
  const areNumbers = values.every(({type}) => isNumber(type));
  if (!areNumbers && asText) return inRows({...asText, notes: source.notes}, which);
  const type = areNumbers ? "DOUBLE" : "VARCHAR";
  const pairs = values.map(({header, sql}) => `{'name': ${literal(header)}, 'value': ${sql}::${type}}`);
  const [name, value] = [`c${fields.length}`, `c${fields.length + 1}`];
  const select = [
    ...kept.flatMap(({sql, instant}) => [sql, ...(instant ? [instant] : [])]),
    `pair.name AS ${name}`,
    `pair.value AS ${value}`
  ].join(", ");
  const within = (from: string) =>
    `(SELECT ${select} FROM (SELECT *, unnest([${pairs.join(", ")}]) AS pair FROM ${from}) WHERE trim(pair.value::VARCHAR) <> '')`;
  return {
    ...{from: within(source.from), decimal: source.decimal, notes: source.notes},
    fields: [
      ...kept,
      {header: "parameter", type: "VARCHAR", sql: name, names: values},
      {header: "value", type, sql: value}
    ],
    ...(source.isDecimalTold ? {isDecimalTold: true} : {}),
    ...(source.ending ? {ending: source.ending} : {}),
    ...(source.settled ? {settled: source.settled} : {}),
    ...(lines ? {lines: {...lines, of: (path) => within(lines.of(path))}} : {}),
    ...(areNumbers && asText ? {asText: inRows({...asText, notes: source.notes}, which)} : {})
  };
}
