import {escapeHtml} from "./html.js";
import type {Catalogue, Shades} from "../types.js";

/** Where a page will find published files. */
interface Address {
  readonly base: string; // the path that the site is served under
  readonly preview: boolean; // Framework's preview serves them elsewhere than the built site
}

/** What stands in the head of every page: what the site is, its icon, and its own colours and logo. */
export function headOf(catalogue: Omit<Catalogue, "datasets" | "overlays">, address: Address): string {
  const {description, logo} = catalogue;
  const icon = logo === undefined ? "data:," : addressOf(logo, address);
  const style = styleOf(catalogue, address);
  return [
    `<meta name="description" content="${escapeHtml(description)}">`,
    `<link rel="icon" href="${icon}">`,
    ...(style === "" ? [] : [`<style>${style}</style>`])
  ].join("");
}

function addressOf(file: string, {base, preview}: Address): string {
  return `${base.replace(/\/*$/, "/")}${preview ? "_file/" : ""}data/${file}`;
}

const title = "#observablehq-sidebar>ol:first-child a::before"; // src/style.css says how large a logo is there

function styleOf({accent, sites, logo}: Omit<Catalogue, "datasets" | "overlays">, address: Address): string {
  const colours = sites.flatMap(({colour}, index): [string, Shades][] =>
    colour ? [[`--site-${index + 1}`, colour]] : []
  );
  if (accent) colours.push(["--theme-foreground-focus", accent]);
  const rules = (ground: keyof Shades) => colours.map(([name, shades]) => `${name}:${shades[ground]}`).join(";");
  return [
    ...(colours.length > 0
      ? [`:root{${rules("light")}}`, `@media (prefers-color-scheme:dark){:root{${rules("dark")}}}`]
      : []),
    ...(logo === undefined ? [] : [`${title}{content:"";background-image:url("${addressOf(logo, address)}")}`])
  ].join("");
}
