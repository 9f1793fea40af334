import type {Reader, Transaction} from "../../pond/types.js";
import {memoryOf} from "../resources/memory.js";
import type {Resource} from "../types.js";

/** What is done a turn at a time. */
export interface Turns {
  readonly id: string;
  turn(): Promise<boolean>; // whether there is more to do
}

/** How turns are taken. */
export interface Round {
  readonly width: number; // how many at one time
  readonly goesOn: () => boolean; // asked before each turn
}

/**
 * Gives turns to those that have something to do, so many at a time, until that is done or may not go on; returns those
 * that have more to do, first the one that waits longest. When a turn fails, it throws once those under way have ended.
 */
export async function takeTurns<T extends Turns>(all: readonly T[], {width, goesOn}: Round): Promise<readonly T[]> {
  const waiting = [...all];
  const serve = async () => {
    while (goesOn() && waiting.length > 0) {
      const one = waiting.shift()!;
      if (await one.turn()) waiting.push(one);
    }
  };
  const ended = await Promise.allSettled(Array.from({length: width}, serve));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
  return waiting;
}

/**
 * By id, in a ring, from the one whose turn it is. A run that begins there has a turn for all others before a second for
 * one that had its turn in the run before: so all come to theirs, however few a run has.
 */
export function ringFrom<T extends Turns>(turn: string | undefined, all: readonly T[]): readonly T[] {
  const byId = all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const first = byId.findIndex(({id}) => turn !== undefined && id >= turn); // who comes next, where that one is gone
  return first < 0 ? byId : [...byId.slice(first), ...byId.slice(0, first)];
}

// ---- In the pond ----

function turnPath(resource: Pick<Resource, "kind" | "name">): string {
  return `${memoryOf(resource)}/turn`;
}

/** Whose turn it is; undefined where no run was stopped yet. */
export async function readTurn(reader: Reader, resource: Pick<Resource, "kind" | "name">): Promise<string | undefined> {
  const path = turnPath(resource);
  if (!(await reader.exists(path))) return undefined;
  return new TextDecoder().decode(await reader.read(path)).trimEnd();
}

/** Keeps it; writes nothing when it is as before. */
export async function writeTurn(tx: Transaction, resource: Pick<Resource, "kind" | "name">, id: string): Promise<void> {
  await tx.write(turnPath(resource), `${id}\n`, {parents: true});
}
