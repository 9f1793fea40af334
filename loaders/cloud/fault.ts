import {streamOf, uniform} from "./noise.js";

/** What may go wrong with an answer of a simulated cloud. */
export const faults = ["429", "503", "500", "cut", "expired", "repeated", "disorder"] as const;
export type Fault = (typeof faults)[number];

/** Which faults befall requests, and how many of those. */
export interface FaultPlan {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly share: number; // 0 to 1: how likely each is
}

/** How often one request may fail in one way, so that all are answered in the end. */
const most = 2;

/**
 * The faults of a simulated cloud. Each is a function of the seed, of what is asked, and of how often that was asked
 * before: so the same faults come whatever else is asked in between.
 */
export class Faults {
  readonly #plan: FaultPlan;
  readonly #asked = new Map<string, number>();

  constructor(plan: FaultPlan) {
    this.#plan = plan;
  }

  /** Those that befall a request, which is counted. `isPossible` tells which may. */
  of(request: string, isPossible: (fault: Fault) => boolean): ReadonlySet<Fault> {
    const {seed, share} = this.#plan;
    const count = this.#asked.get(request) ?? 0;
    this.#asked.set(request, count + 1);
    const befalls = (fault: Fault) => uniform(seed, streamOf(`${fault} ${request}`), count) < share;
    return new Set(count >= most ? [] : this.#plan.faults.filter(isPossible).filter(befalls));
  }

  /** A number in [0, 1) that goes with a request as it is asked now: where to cut, how to shuffle. */
  chance(request: string, stream: string): number {
    return uniform(this.#plan.seed, streamOf(`${stream} ${request}`), this.#asked.get(request) ?? 0);
  }
}
