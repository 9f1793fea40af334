import process from "node:process";
import {silent} from "./reporter.js";
import type {Effects, Reporter} from "../types.js";

/**
 * The world as the environment sets it: `POND_NOW` (ISO 8601) stands in for the clock, so that a build can be repeated.
 * Throws a sentence when it is no time.
 */
export function effectsFrom(env: Effects["env"] = process.env, reporter: Reporter = silent): Effects {
  return {now: clockFrom(env.POND_NOW), env, reporter};
}

function clockFrom(text: string | undefined): () => number {
  if (text === undefined || text === "") return Date.now;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new Error(`POND_NOW is "${text}": write a time such as 2026-03-01T00:00:00Z`);
  return () => time;
}
