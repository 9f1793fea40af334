import type {Pond} from "../pond/pond.js";
import type {Commit, Reader} from "../pond/types.js";
import type {RunRow} from "./types.js";

/** What is known of runs: a file per resource, whose versions are its history. */

/** The last row with news of each resource, by kind and name. */
export async function lastRuns(fs: Reader): Promise<readonly RunRow[]> {
  const found = await fs.glob("/sys/runs/*/*");
  return Promise.all(found.map(async ({path}) => JSON.parse(Buffer.from(await fs.read(path)).toString()) as RunRow));
}

/** Keeps the rows that have news, in one transaction; none when nothing has. */
export async function recordRuns(
  pond: Pond,
  rows: readonly RunRow[],
  before: readonly RunRow[]
): Promise<Commit | undefined> {
  const news = rows.filter((row) =>
    isNews(
      row,
      before.find(({kind, name}) => kind === row.kind && name === row.name)
    )
  );
  const {commit} = await pond.transaction({command: "pond run", message: "what came of it"}, async (tx) => {
    for (const row of news)
      await tx.write(`/sys/runs/${row.kind}/${row.name}`, `${JSON.stringify(row)}\n`, {parents: true});
  });
  return commit;
}

function isNews(row: RunRow, last: RunRow | undefined): boolean {
  return !last || row.stored > 0 || row.aside > 0 || saying(last) !== saying(row);
}

function saying({errors, notes, stale}: RunRow): string {
  return JSON.stringify([errors, notes, stale]);
}
