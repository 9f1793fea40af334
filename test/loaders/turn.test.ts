import {setTimeout as sleep} from "node:timers/promises";
import fc from "fast-check";
import {expect, test} from "vitest";
import {ringFrom, takeTurns} from "../../loaders/cloud/turn.js";

/** Devices with so many pages each, anew in each run; what is served is told. */
function fleet(pages: readonly number[], serve: (id: string) => Promise<void>) {
  return pages.map((count, index) => {
    let left = count;
    const id = String(index);
    return {id, turn: async () => serve(id).then(() => --left > 0)};
  });
}

test("whatever a run may read, each has a turn within as many runs as one round takes", async () => {
  const anything = fc.record({
    pages: fc.array(fc.integer({min: 1, max: 9}), {minLength: 1, maxLength: 8}),
    budget: fc.integer({min: 1, max: 12}),
    width: fc.integer({min: 1, max: 4})
  });
  await fc.assert(
    fc.asyncProperty(anything, async ({pages, budget, width}) => {
      const served: string[][] = [];
      let turn: string | undefined;
      for (let run = 0; run < 3 * pages.length; run++) {
        const now: string[] = [];
        const serve = async (id: string) => {
          now.push(id);
          await sleep(Number(id) % 3 === 0 ? 1 : 0); // some are slow
        };
        const goesOn = () => now.length < budget;
        const waiting = await takeTurns(ringFrom(turn, fleet(pages, serve)), {width, goesOn});
        turn = waiting[0]?.id ?? turn;
        served.push(now);
      }
      const round = Math.ceil(pages.length / budget);
      for (let run = 0; run + round <= served.length; run++)
        expect(new Set(served.slice(run, run + round).flat()).size).toBe(pages.length);
    }),
    {numRuns: 30}
  );
});

test("a page each, in a ring; those that have more to do wait, the longest first", async () => {
  const served: string[] = [];
  const all = fleet([1, 3, 2], async (id) => void served.push(id));
  const waiting = await takeTurns(ringFrom("1", all), {width: 1, goesOn: () => served.length < 4});
  expect(served).toEqual(["1", "2", "0", "1"]);
  expect(waiting.map(({id}) => id)).toEqual(["2", "1"]);
});

test("a ring goes on behind one that is gone", () => {
  const ring = (turn?: string) => ringFrom(turn, [{id: "5"}, {id: "1"}, {id: "3"}].map(idle)).map(({id}) => id);
  expect([ring(), ring("3"), ring("2"), ring("9")].map((ids) => ids.join(""))).toEqual(["135", "351", "351", "135"]);
});

const idle = ({id}: {id: string}) => ({id, turn: async () => false});

test("when a turn fails it throws, once those under way have ended", async () => {
  let ended = 0;
  const turns = ["a", "b", "c"].map((id) => ({
    id,
    async turn() {
      if (id === "a") throw new Error("no");
      await sleep(5);
      ended++;
      return false;
    }
  }));
  await expect(takeTurns(turns, {width: 2, goesOn: () => true})).rejects.toThrow("no");
  expect(ended).toBe(2);
});
