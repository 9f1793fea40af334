import {existsSync} from "node:fs";
import {mkdir} from "node:fs/promises";
import {dirname, join} from "node:path";
import {replace} from "../../pond/disk.js";
import {identifier, literal} from "../../pond/duck.js";
import type {Column, ColumnAttributes, Piece, Range, Series} from "../../pond/types.js";
import {engine} from "./engine.js";
import {parameterOf} from "../readings/parameter.js";
import {hasUnit} from "../readings/unit.js";
import {type Level, meeting, piecesOf, type Shard} from "./level.js";
import {marks} from "./partial.js";
import type {Reduction} from "./reduction.js";
import {keyOf} from "./shard.js";
import {isAlways, type Statistic, statisticName} from "./statistic.js";
import type {Origin} from "../types.js";
import {nameOf, type Told, typeOf, writeTold} from "./told.js";

/** Part of every file's name: to be raised whenever the same shard would be told otherwise. */
const generation = 1;

export interface ReducedOptions {
  readonly name: string; // of the resolution
  readonly statistics: readonly Statistic[];
  readonly path: string;
  readonly cache: string; // host directory
}

/**
 * A resolution as a series: `<column>.<statistic>` at the start of each bin. What SQL reads of it is made when it is first
 * asked for, a Parquet file per shard.
 */
export class ReducedSeries implements Series {
  readonly path: string;
  readonly #reduction: Reduction;
  readonly #options: ReducedOptions;

  constructor(reduction: Reduction, options: ReducedOptions) {
    this.path = options.path;
    this.#reduction = reduction;
    this.#options = options;
  }

  async columns(): Promise<readonly Column[]> {
    const columns = new Map((await this.#reduction.columns()).map((column) => [column.name, column]));
    const told = await this.#told();
    return told.map((one) => ({
      name: nameOf(one),
      type: typeOf(one),
      attributes: attributesOf(one, columns.get(one.column.name)!)
    }));
  }

  /** A statistic stands where its bin begins, whenever the readings were. */
  async origins(): Promise<readonly Origin[]> {
    const told = (await this.#told()).map((one) => ({from: one.column.name, to: nameOf(one), isMade: true, turns: []}));
    return [{series: this.#reduction.source, period: {}, threads: told, isShifted: true}];
  }

  async pieces(range?: Range): Promise<readonly Piece[]> {
    return piecesOf((await this.#level()).shards, range);
  }

  async relation(range?: Range): Promise<string> {
    const level = await this.#level();
    const files: string[] = [];
    for (const shard of meeting(level.shards, range ?? {})) files.push(literal(await this.#file(level, shard)));
    return relationOf(files, await this.#told());
  }

  #level(): Promise<Level> {
    return this.#reduction.level(this.#options.name);
  }

  async #told(): Promise<readonly Told[]> {
    const {statistics} = this.#options;
    const columns = this.#reduction.reduced(await this.#reduction.columns());
    return columns.flatMap((column) =>
      [...statistics, ...(column.flags ? marks : [])].map((statistic) => ({column, statistic}))
    );
  }

  /** What a shard tells, of the columns that it has, so that whatever columns come later it need not be told again. */
  async #file(level: Level, shard: Shard): Promise<string> {
    const {interval} = this.#reduction;
    const {statistics, cache} = this.#options;
    const key = keyOf("told", generation, shard.key, statistics, interval ?? null);
    const file = join(cache, "told", `${key}.parquet`);
    if (existsSync(file)) return file;
    await mkdir(dirname(file), {recursive: true});
    const all = await this.#told();
    await this.#reduction.use(level, shard, async (bins) => {
      const told = all.filter(({column}) => bins.columns.has(column.name));
      const telling = {told, resolution: level.resolution, interval, time: "make_timestamptz(timestamp::BIGINT)"};
      await replace(
        file,
        async (temp) => void (await engine.use((duck) => writeTold(duck, bins, {telling, file: temp})))
      );
    });
    return file;
  }
}

/** A statistic is a parameter of its own, `Temperature.avg`: what is said of readings is not said of how many there are. */
function attributesOf({statistic: own}: Told, column: Column): ColumnAttributes {
  const {unit, statistic: before, ...whose} = column.attributes;
  const statistic = before === undefined ? own : `${before}.${own}`;
  const told = {...whose, parameter: statisticName(parameterOf(column), own), statistic};
  return unit === undefined || !hasUnit(own) ? told : {...told, unit};
}

/** All that is told and nothing else, whatever each file lacks, or has from when more was told. */
function relationOf(files: readonly string[], told: readonly Told[]): string {
  const name = (one: Told) => identifier(nameOf(one));
  const typed = told.map((one) => `NULL::${typeOf(one)} AS ${name(one)}`);
  const nothing = `SELECT ${["NULL::TIMESTAMPTZ AS timestamp", ...typed].join(", ")} WHERE false`;
  if (files.length === 0) return `(${nothing})`;
  const rows = `${nothing} UNION ALL BY NAME SELECT * FROM read_parquet([${files.join(", ")}], union_by_name = true)`;
  const filled = told.map((one) => (isAlways(one.statistic) ? `coalesce(${name(one)}, 0) AS ${name(one)}` : name(one)));
  return `(SELECT ${["timestamp", ...filled].join(", ")} FROM (${rows}))`;
}
