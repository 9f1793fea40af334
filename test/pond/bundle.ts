import {join} from "node:path";
import process from "node:process";
import {build} from "esbuild";
import type {Plugin} from "esbuild";

/** No SQL is run, so the process need not load DuckDB, which takes as long as all the rest. */
const withoutDuck: Plugin = {
  name: "without-duck",
  setup: (bundle) => {
    const contents = `
      const connection = {run: async () => {}, closeSync: () => {}};
      export const DuckDBInstance = {create: async () => ({connect: async () => connection, closeSync: () => {}})};
      export const [BIGINT, DOUBLE, DuckDBTypeId] = [{}, {}, {}];
      export class DuckDBDecimalType {}
      export class DuckDBTableFunction {}
      export default {};`;
    bundle.onResolve({filter: /^@duckdb\/node-(api|bindings)$/}, () => ({path: "duck", namespace: "none"}));
    bundle.onLoad({filter: /^duck$/, namespace: "none"}, () => ({contents}));
  }
};

interface Options {
  readonly folder?: string; // of the program; this one unless given
  readonly hasDuck?: boolean; // whether it runs SQL
}

/** A program of the tests as one JavaScript file, which starts quickly; it is the caller's to delete. */
export async function bundled(
  name: string,
  {folder = import.meta.dirname, hasDuck = false}: Options = {}
): Promise<string> {
  const outfile = join(import.meta.dirname, `../../node_modules/.cache/${name}-${process.pid}.mjs`);
  const require = 'import {createRequire as requireAt} from "node:module"; const require = requireAt(import.meta.url);';
  await build({
    ...{entryPoints: [join(folder, `${name}.ts`)], outfile, bundle: true, platform: "node", format: "esm"},
    ...{external: ["parquet-wasm", "@duckdb/*"], plugins: hasDuck ? [] : [withoutDuck]},
    ...{banner: {js: require}, logLevel: "error"}
  });
  return outfile;
}
