import {Field, Float64, RecordBatch, Schema, Struct, Table, TimestampMicrosecond, makeData} from "apache-arrow";
import type {Data} from "apache-arrow";
import type {ColumnAttributes} from "../../pond/types.js";

/** One parameter's readings, beside the times of `readingsTable`. */
export interface ReadingsColumn {
  readonly name: string; // e.g. "Temperature.C"
  readonly attributes: ColumnAttributes;
  readonly values: Float64Array; // NaN where there is no reading
}

/**
 * Readings in the form in which they cross from a collector to the pond: an Arrow Table with `timestamp` (µs, UTC) and
 * one nullable double per column, what a column is being told in its field's metadata. `times` are µs since 1970.
 */
export function readingsTable(times: readonly number[], columns: readonly ReadingsColumn[]): Table {
  const timestamps = BigInt64Array.from(times, (time) => BigInt(time));
  const time = new Field("timestamp", new TimestampMicrosecond("UTC"), false);
  const schema = new Schema([time, ...columns.map(fieldOf)]);
  const children: Data[] = [
    makeData({type: time.type, data: timestamps, length: times.length}),
    ...columns.map(({values}) => doubles(values))
  ];
  const data = makeData({type: new Struct(schema.fields), length: times.length, nullCount: 0, children});
  return new Table(schema, [new RecordBatch(schema, data)]);
}

function fieldOf({name, attributes}: ReadingsColumn): Field {
  return new Field(name, new Float64(), true, new Map(Object.entries(attributes)));
}

/** Doubles, none where they are NaN. */
export function doubles(values: Float64Array): Data<Float64> {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 64) * 8);
  let nullCount = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) nullCount++;
    else nullBitmap[i >> 3]! |= 1 << (i & 7);
  }
  return makeData({type: new Float64(), data: values, nullBitmap, nullCount, length: values.length});
}

/** The parameter and unit in a column's name, which is spelled `<parameter>.<unit>`; the unit follows the last dot. */
export function attributesOf(name: string): {readonly parameter: string; readonly unit?: string} {
  const [, parameter, unit] = /^(.+)\.([^.\s][^.]*)$/s.exec(name) ?? []; // "Sp. Conductivity" has no unit
  return parameter === undefined ? {parameter: name} : {parameter, unit};
}

/** The same where a name may begin with a scope, `<scope>.<parameter>.<unit>`: the longest of these that it begins with. */
export function attributesWithin(name: string, scopes: readonly string[]): ColumnAttributes {
  const begins = (scope: string) =>
    name.slice(0, scope.length + 1).toLowerCase() === `${scope}.`.toLowerCase() && name.length > scope.length + 1;
  const [scope] = scopes.filter(begins).sort((a, b) => b.length - a.length);
  return scope === undefined ? attributesOf(name) : {...attributesOf(name.slice(scope.length + 1)), scope};
}

/** What a header tells of its column. */
export interface Heading {
  readonly name: string; // as a column's: DO.mg/L
  readonly parameter: string;
  readonly unit?: string;
  readonly instrument?: string; // its serial number, and how its channel is labelled
}

/**
 * In brackets behind the parameter stand its unit, `DO (mg/L)`, and the instrument, as In-Situ has it,
 * `DO (mg/L) (738549)`, or Onset, `Temp, °C (LGR S/N: 1016, SEN S/N: 1017, LBL: Inlet)`. What `outer` objects a value is
 * in, as `water.` of `water.temp`, is of its parameter alone.
 */
export function headingOf(header: string, outer = ""): Heading {
  const {name, instrument} = ofLogger(header.trim()) ?? ofInstrument(header.trim());
  const {parameter, unit} = attributesOf(name.slice(outer.length));
  return {
    ...{name, parameter: `${outer}${parameter}`},
    ...(unit === undefined ? {} : {unit}),
    ...(instrument === undefined ? {} : {instrument})
  };
}

type Told = Pick<Heading, "name" | "instrument">;

function ofInstrument(header: string): Told {
  const [, rest, instrument] = /^(.*\S)\s*\((\d{4,})\)$/.exec(header) ?? [];
  const [, parameter, unit] = /^(.*\S)\s*\(([^()]+)\)$/.exec(rest ?? header) ?? [];
  const name = parameter === undefined ? (rest ?? header) : `${parameter}.${unit!.trim()}`;
  return {name, ...(instrument === undefined ? {} : {instrument})};
}

/** Of a logger and its sensors by Onset, where the sensor's number is the more particular. */
function ofLogger(header: string): Told | undefined {
  const [, told, aside] = /^(.*\S)\s*\(((?:LGR|SEN) S\/N: .*)\)$/.exec(header) ?? [];
  if (told === undefined) return undefined;
  const find = (word: string) => new RegExp(`(?:^|, )${word}: *([^,]*[^, ])`).exec(aside!)?.[1];
  const [, parameter, unit] = /^(.*\S),\s*([^,]+)$/.exec(told) ?? [];
  const instrument = [find("SEN S/N") ?? find("LGR S/N"), find("LBL")].filter((part) => part !== undefined).join(" ");
  return {name: parameter === undefined ? told : `${parameter}.${unit!}`, instrument};
}

/** How a header is spelled as a column's name: `DO (mg/L)` is `DO.mg/L`. */
export function spelled(header: string): string {
  return headingOf(header).name;
}
