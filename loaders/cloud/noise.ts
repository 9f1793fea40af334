/**
 * Chance without memory: every number is a hash of where it stands (a seed, a stream, a counter), so that a reading can
 * be computed alone, in any order, and always comes out the same.
 */

/** A uniform number in [0, 1) for a place. The finaliser of MurmurHash3 (Appleby, 2011) over the mixed-in words. */
export function uniform(seed: number, stream: number, counter: number): number {
  let hash = mix(seed ^ 0x9e3779b9);
  hash = mix(hash ^ Math.imul(stream, 0x85ebca6b));
  hash = mix(hash ^ (counter | 0));
  hash = mix(hash ^ Math.floor(counter / 2 ** 32));
  return (hash >>> 0) / 2 ** 32;
}

function mix(word: number): number {
  let hash = word | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A number about 0 with standard deviation 1: the sum of three uniform numbers is normal enough for sensor noise. */
export function normal(seed: number, stream: number, counter: number): number {
  const sum =
    uniform(seed, stream, counter * 3) +
    uniform(seed, stream, counter * 3 + 1) +
    uniform(seed, stream, counter * 3 + 2);
  return (sum - 1.5) * 2;
}

/** A smooth wander between −1 and 1 that forgets itself after `period` (in the unit of `time`): value noise. */
export function wander(seed: number, stream: number, {time, period}: {time: number; period: number}): number {
  const place = time / period;
  const before = Math.floor(place);
  const share = place - before;
  const ease = share * share * (3 - 2 * share);
  const [from, to] = [uniform(seed, stream, before), uniform(seed, stream, before + 1)];
  return 2 * (from + (to - from) * ease) - 1;
}

/** A number for a word, to tell its stream from others (FNV-1a, 32 bits). */
export function streamOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
