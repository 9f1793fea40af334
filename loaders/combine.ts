import {posix} from "node:path";
import {z} from "zod";
import type {DynamicContext, DynamicDirectory, Reader, Transaction} from "../pond/types.js";
import {CombinedSeries, type Deployment} from "./combined.js";
import type {Kind} from "./types.js";

const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/, {
    error: "write an instant with its offset, such as 2025-10-16T21:00Z",
    abort: true
  })
  .refine((text) => Number.isFinite(Date.parse(text)), "there is no such day or hour");

const input = z
  .strictObject({
    series: z.string().startsWith("/").describe("an instrument's series: a path or a pattern"),
    begin: instant.optional().describe("when it was deployed, inclusive"),
    end: instant.optional().describe("when it was taken away, exclusive")
  })
  .refine(({begin, end}) => !begin || !end || Date.parse(begin) < Date.parse(end), {
    error: "the period is empty: its end is not after its begin"
  });

const scope = z.strictObject({
  name: z
    .string()
    .regex(/^[^./\s]+$/, "write a name without dots, slashes and spaces")
    .describe("the role of the instruments at the site; it begins the names of their columns"),
  inputs: z.array(input).min(1).describe("the instruments that had the role; where two have a reading the later wins")
});

const schema = z.strictObject({
  output: z.string().startsWith("/").describe("the path of the series, e.g. /sites/BDock"),
  scopes: z
    .array(scope)
    .min(1)
    .refine((scopes) => new Set(scopes.map(({name}) => name)).size === scopes.length, "two scopes have one name")
    .describe("what instruments do at the site: near the surface, at the bottom, a weather station")
});

export type CombineSpec = z.infer<typeof schema>;

/** The one entry of the dynamic directory. */
const entry = "readings";

/**
 * Instruments over their deployments as one series per site, computed on access.
 *
 * A dynamic node of the pond is a directory, so the series stands in one of its own, below `/sys/combined`, and the
 * output is a symbolic link to it: `/sites/BDock` → `/sys/combined/sites/BDock/readings`. It reads, globs and queries
 * as the series, and any number of resources, of this kind or another, put theirs into `/sites`.
 */
export const combine: Kind<CombineSpec> = {
  name: "Combine",
  summary: "Instruments over deployment periods as one series per site, joined on time.",
  schema,
  reads: ({scopes}) => scopes.flatMap(({inputs}) => inputs.map(({series}) => series)),
  writes: ({output}) => [output, directoryOf(output)],
  async run({spec}, {tx}) {
    await link(tx, spec.output);
    return {read: 0, stored: 0, aside: 0, notes: await unmatched(spec, tx), errors: []};
  },
  dynamic: {
    path: ({output}) => directoryOf(output),
    factory: (config, context) => directory(schema.parse(config), context)
  }
};

function directory(spec: CombineSpec, {fs}: DynamicContext): DynamicDirectory {
  let series: Promise<CombinedSeries> | undefined;
  return {
    list: async () => [entry],
    get: async (name) =>
      name === entry ? {kind: "series", series: await (series ??= combinedSeries(spec, fs))} : undefined
  };
}

/** The combined series in a snapshot. */
async function combinedSeries({output, scopes}: CombineSpec, fs: Reader): Promise<CombinedSeries> {
  const deployments: Deployment[] = [];
  for (const {name, inputs} of scopes)
    for (const {series, begin, end} of inputs)
      for (const {path} of await fs.glob(series))
        deployments.push({
          scope: name,
          period: {begin: micros(begin), end: micros(end)},
          series: await fs.series(path)
        });
  return new CombinedSeries(output, deployments);
}

async function unmatched({scopes}: CombineSpec, fs: Reader): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const {name, inputs} of scopes)
    for (const {series} of inputs)
      if ((await fs.glob(series)).length === 0) notes.push(`Scope ${name}: nothing matches ${series} yet.`);
  return notes;
}

async function link(tx: Transaction, output: string): Promise<void> {
  const target = posix.join(directoryOf(output), entry);
  if (await tx.exists(posix.dirname(output))) {
    const found = (await tx.list(posix.dirname(output))).find(({name}) => name === posix.basename(output));
    if (found?.kind === "symlink" && found.target === target) return;
    if (found && found.kind !== "symlink")
      throw new Error(`${output} is a ${found.kind} already: give the combined series another output.`);
    if (found) await tx.remove(output);
  }
  await tx.mkdir(posix.dirname(output), {recursive: true});
  await tx.symlink(target, output);
}

function directoryOf(output: string): string {
  return posix.join("/sys/combined", output);
}

function micros(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant) * 1000;
}
