import type * as z from "zod";
import {PondError} from "../../pond/error.js";
import {compile} from "../../pond/glob.js";
import type {DynamicDirectory, Reader, Series} from "../../pond/types.js";
import {type Dataset, datasetsOf, type Mapping, reaches, rootOf, seriesIn, treeOf} from "./dataset.js";
import {late} from "./late.js";
import {capturesIn, unfillable} from "../pattern.js";
import {directoryOf, placeOf} from "./place.js";
import type {ComputeContext, Kind} from "../types.js";

/**
 * Kinds that make one series of each that the input matches. With captures in it, as in `/named/$0`, the output is a
 * directory of them; without, it is one series, which stands where `place.ts` says.
 */
export class Mapped {
  readonly #folder: string;

  /** `folder` is the kind's own below `/sys`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What a kind of these says of itself; `make` makes one series of one of its input's, and of what is `beside` it. */
  kind<Spec extends Mapping>(schema: z.ZodType<Spec>, make: Make<Spec>, beside: Beside<Spec> = () => []): Mapper<Spec> {
    return {
      reads: (spec) => [spec.input, ...beside(spec)],
      writes: ({output}) => [...new Set([output.includes("$") ? rootOf(output) : output, this.#placeIn({output})])],
      dynamic: {
        path: (spec) => this.#placeIn(spec),
        output: ({output}) => (output.includes("$") ? undefined : output),
        sources: (spec) => [spec.input, ...beside(spec)],
        factory: (config, context) => {
          const spec = schema.parse(config);
          const own = beside(spec).find((path) => this.#isOwn(path, spec));
          return this.#directory(spec, context, own === undefined ? make : (_, {path}) => neverMade(path, own));
        }
      }
    };
  }

  /** Whether the input reads what the output writes. */
  isCircular(mapping: Mapping): boolean {
    return reaches(mapping.input, this.#placeIn(mapping));
  }

  /** Whether a pattern reads what the output writes, however it gets there. */
  #isOwn(pattern: string, mapping: Mapping): boolean {
    return reaches(pattern, this.#placeIn(mapping)) || compile(pattern).match(mapping.output) !== undefined;
  }

  /** What there is. Throws when the input matches more than the output tells apart. */
  async datasets(mapping: Mapping, fs: Reader): Promise<readonly Dataset[]> {
    const {input, output} = mapping;
    const found = output.includes("$") ? 0 : (await seriesIn(input, fs)).length;
    if (found > 1)
      throw new Error(`${input} matches ${found} series and ${output} is one: tell them apart by $0, $1, ….`);
    return datasetsOf(mapping, fs);
  }

  /** Where the dynamic directory stands. */
  #placeIn({output}: Pick<Mapping, "output">): string {
    return output.includes("$") ? rootOf(output) : placeOf(this.#folder, output);
  }

  #directory<Spec extends Mapping>(spec: Spec, context: ComputeContext, make: Make<Spec>): DynamicDirectory {
    const seriesOf = (dataset: Dataset) => late(dataset.path, context, (ground) => make(spec, dataset, ground));
    if (spec.output.includes("$"))
      return treeOf(spec, context, async (dataset) => ({kind: "series", series: seriesOf(dataset)}));
    return directoryOf(async () => {
      const [dataset] = await datasetsOf(spec, context.fs);
      return dataset && seriesOf(dataset);
    });
  }
}

/** What is wrong with those that cannot be made, for the others to go on. */
export async function troubles(
  datasets: readonly Dataset[],
  make: (dataset: Dataset) => Promise<unknown>
): Promise<readonly string[]> {
  const told: string[] = [];
  for (const dataset of datasets) await make(dataset).catch((error: Error) => void told.push(error.message));
  return [...new Set(told)];
}

/** Ponds may keep a resource from before such were refused; what it makes would wait for itself for ever. */
async function neverMade(path: string, own: string): Promise<never> {
  throw new Error(`${path} is made of ${own}, which the same resource makes: have it read another series there.`);
}

type Beside<Spec> = (spec: Spec) => readonly string[]; // paths and patterns
type Make<Spec> = (spec: Spec, dataset: Dataset, context: ComputeContext) => Promise<Series>;
type Mapper<Spec> = Required<Pick<Kind<Spec>, "reads" | "writes" | "dynamic">>;

/** Refuses a template that asks for more than the input's wildcards capture. */
export function fillable(input: string, told: {path: (string | number)[]; template: string}, context: z.RefinementCtx) {
  if (!told.template.includes("$")) return;
  let count: number;
  try {
    count = capturesIn(input);
  } catch (error) {
    if (error instanceof PondError) return; // which is told where patterns are
    throw error;
  }
  const message = unfillable(told.template, input, count);
  if (message !== undefined) context.addIssue({code: "custom", path: told.path, message});
}

/** Refuses an output that asks for more than the input's wildcards capture, and one where the input reads as well. */
export function placeable(isCircular: (mapping: Mapping) => boolean) {
  return (mapping: Mapping, context: z.RefinementCtx): void => {
    fillable(mapping.input, {path: ["output"], template: mapping.output}, context);
    const message = "the input reads there as well: choose a directory that its pattern does not match";
    if (isCircular(mapping)) context.addIssue({code: "custom", path: ["output"], message});
  };
}
