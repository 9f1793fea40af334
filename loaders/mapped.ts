import type {DynamicContext, DynamicDirectory, Reader, Series} from "../pond/types.js";
import {type Dataset, datasetsOf, type Mapping, reaches, rootOf, treeOf} from "./dataset.js";
import {directoryOf, placeOf} from "./place.js";

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

  /** Where the dynamic directory stands. */
  placeIn({output}: Mapping): string {
    return output.includes("$") ? rootOf(output) : placeOf(this.#folder, output);
  }

  writes(mapping: Mapping): readonly string[] {
    const {output} = mapping;
    return [...new Set([output.includes("$") ? rootOf(output) : output, this.placeIn(mapping)])];
  }

  /** Whether the input reads what the output writes. */
  isCircular(mapping: Mapping): boolean {
    return reaches(mapping.input, this.placeIn(mapping));
  }

  /** The path of the one series, where it is one. */
  output({output}: Mapping): string | undefined {
    return output.includes("$") ? undefined : output;
  }

  /** What there is. Throws when the input matches more than the output tells apart. */
  async datasets(mapping: Mapping, fs: Reader): Promise<readonly Dataset[]> {
    const {input, output} = mapping;
    const found = output.includes("$") ? 0 : (await fs.glob(input)).length;
    if (found > 1)
      throw new Error(`${input} matches ${found} series and ${output} is one: tell them apart by $0, $1, ….`);
    return datasetsOf(mapping, fs);
  }

  /** The dynamic directory of the series. */
  directory(
    mapping: Mapping,
    context: Pick<DynamicContext, "fs" | "path">,
    make: (dataset: Dataset) => Promise<Series>
  ): DynamicDirectory {
    const {input, output} = mapping;
    if (output.includes("$"))
      return treeOf(mapping, context, async (dataset) => ({kind: "series", series: await make(dataset)}));
    return directoryOf(async () => {
      const [dataset] = await datasetsOf(mapping, context.fs);
      if (!dataset) throw new Error(`Nothing matches ${input} yet, so there is no ${output}.`);
      return make(dataset);
    });
  }
}

/** What is said of an input that reads where the output writes. */
export const circular = {
  path: ["output"],
  error: "the input reads there as well: choose a directory that its pattern does not match"
};
