/** Packages by the names under which Framework shares them with the authors of pages. */
declare module "npm:@observablehq/plot" {
  export * from "@observablehq/plot";
}
declare module "npm:@duckdb/duckdb-wasm" {
  export * from "@duckdb/duckdb-wasm";
}
declare module "npm:apache-arrow" {
  export * from "apache-arrow";
}
declare module "npm:d3-dsv" {
  export * from "d3-dsv";
}
declare module "npm:hyparquet" {
  export * from "hyparquet";
}
declare module "npm:parquet-wasm" {
  export * from "parquet-wasm/esm";
  export {default} from "parquet-wasm/esm";
}
declare module "npm:htl" {
  type Template = (strings: TemplateStringsArray, ...values: unknown[]) => Element;
  export const html: Template;
  export const svg: Template;
}
