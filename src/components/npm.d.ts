/** Packages by the names under which Framework shares them with the authors of pages. */
declare module "npm:@observablehq/plot" {
  export * from "@observablehq/plot";
}
declare module "npm:hyparquet" {
  export * from "hyparquet";
}
declare module "npm:htl" {
  type Template = (strings: TemplateStringsArray, ...values: unknown[]) => Element;
  export const html: Template;
  export const svg: Template;
}
