import type {Reader, Transaction} from "../../pond/types.js";
import {memoryOf} from "../resources/memory.js";
import type {Resource} from "../types.js";

/** What is known of an instrument beside its readings. */
export interface Instrument {
  readonly series: string; // where its readings are
  readonly name: string;
  readonly description: string;
  readonly position?: readonly [longitude: number, latitude: number]; // degrees, WGS 84, as GeoJSON has them
}

const name = "instruments"; // of the file, in the memory of each resource that has some

/** Keeps what a resource tells of its instruments, in place of what it told before; writes nothing when that is the same. */
export async function writeInstruments(
  tx: Transaction,
  resource: Pick<Resource, "kind" | "name">,
  told: readonly Instrument[]
): Promise<void> {
  await tx.write(`${memoryOf(resource)}/${name}`, `${JSON.stringify(inOrder(told), null, 1)}\n`, {parents: true});
}

/** Every instrument that the pond knows of, or those of one resource, in the order of their series' paths. */
export async function instrumentsIn(
  reader: Reader,
  resource: Pick<Resource, "kind" | "name"> = {kind: "*", name: "*"}
): Promise<readonly Instrument[]> {
  const found = await reader.glob(`${memoryOf(resource)}/${name}`);
  const told = found.map(async ({path}) => JSON.parse(decoder.decode(await reader.read(path))) as Instrument[]);
  return inOrder((await Promise.all(told)).flat());
}

const decoder = new TextDecoder();

function inOrder(instruments: readonly Instrument[]): readonly Instrument[] {
  return [...instruments].sort((a, b) => (a.series < b.series ? -1 : 1));
}
