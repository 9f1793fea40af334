import process from "node:process";

/**
 * Some tests could go on for hours, and each round of them finds less than the one before. In an ordinary run they try a
 * part, spread over all there is; with THOROUGH=1, as `npm run test:thorough` has it, all that their claims are about.
 */
const isThorough = process.env.THOROUGH === "1";

/** How many are tried: all, or so few. */
export function tried(all: number, few: number): number {
  return isThorough ? all : few;
}

/** The values that are tried: all, or so few of them, evenly, the first among them. */
export function triedOf<T>(all: readonly T[], few: number): readonly T[] {
  const count = Math.min(tried(all.length, few), all.length);
  return Array.from({length: count}, (_, index) => all[Math.floor((index * all.length) / count)]!);
}
