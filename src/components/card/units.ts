import type {ColumnEntry, DatasetEntry} from "../../../loaders/types.js";
import type {Source} from "./source.js";
import {catalogue} from "../catalogue.js";
import {saturationOf} from "../data/saturation.js";

/** A unit that readings may be seen in. */
export interface Choice {
  readonly unit: string;
  /** The columns beside a series without which its readings cannot be told so. */
  beside(source: Source): readonly string[];
  /** A published value in this unit, from it and what the columns beside it have at that time. */
  tell(value: number, beside: readonly number[]): number;
  /** Another value of the same kind, such as a threshold; undefined where that depends on the water. */
  tellAlone(value: number): number | undefined;
}

/** The units of a chart's readings, the one to begin with first: those of the catalogue, and what can be computed. */
export function choicesFor(sources: readonly Source[]): readonly Choice[] {
  const {parameter, unit} = sources[0]!.column;
  const entry = catalogue.parameters.find((one) => one.name === parameter && one.unit === unit);
  const linear = (entry?.units ?? [{unit, factor: 1, offset: 0}]).map(({unit: name, factor, offset}): Choice => {
    const tell = (value: number) => (name === unit ? value : value * factor + offset);
    return {unit: name, beside: () => [], tell, tellAlone: tell};
  });
  return sources.every((source) => waterOf(source)) ? [...linear, saturation] : linear;
}

/** Oxygen as a share of what the water would hold, in percent. */
const saturation: Choice = {
  unit: "%",
  beside: (source) => waterOf(source)!.map(({name}) => name),
  tell: (value, [temperature, salinity]) => (100 * value) / saturationOf(temperature!, salinity!),
  tellAlone: () => undefined
};

const oxygen = /^[rlo]?do$|oxygen/i;
const needed = [
  {parameter: /^(water[ _]?)?temp/i, units: ["C"]},
  {parameter: /^sal/i, units: ["psu", "PSU", "PSS-78"]}
];

/** Temperature and salinity where oxygen is measured, if both are. */
function waterOf({dataset, column}: Source): readonly ColumnEntry[] | undefined {
  if (column.unit !== "mg/L" || !oxygen.test(column.parameter)) return undefined;
  const found = needed.flatMap((want) => columnAt(dataset, column.scope, want) ?? []);
  return found.length === needed.length ? found : undefined;
}

function columnAt({columns}: DatasetEntry, at: string, {parameter, units}: (typeof needed)[number]) {
  return columns.find(({scope, ...one}) => scope === at && parameter.test(one.parameter) && units.includes(one.unit));
}
