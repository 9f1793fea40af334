import type {Report} from "../types.js";

/** Of what had nothing to do. */
export const quiet: Report = {read: 0, stored: 0, aside: 0, notes: [], errors: []};

/** Two reports of one resource as one. */
export function sum(a: Report, b: Report): Report {
  return {
    read: a.read + b.read,
    stored: a.stored + b.stored,
    aside: a.aside + b.aside,
    notes: [...a.notes, ...b.notes],
    errors: [...a.errors, ...b.errors],
    ...(a.tests || b.tests ? {tests: [...(a.tests ?? []), ...(b.tests ?? [])]} : {})
  };
}
