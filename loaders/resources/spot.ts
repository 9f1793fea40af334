import {relative} from "node:path";
import process from "node:process";
import type {Place} from "../types.js";

/** Where something stands, as seen from where the command runs: "resources/harbour.yaml:2:7". */
export function spot({file, line, column}: Place): string {
  return `${relative(process.cwd(), file)}:${line}:${column}`;
}

/** What is wrong, with its place before it. */
export function sentence(place: Place, text: string): string {
  return `${spot(place)}: ${text}`;
}
