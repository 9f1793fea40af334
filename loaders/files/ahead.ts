import type {Duck} from "../../pond/duck.js";
import type {Reader, Selection, Staged, Transaction} from "../../pond/types.js";
import type {Target} from "./fresh.js";
import type {RunContext} from "../types.js";

/** What is to be appended, put into the store ahead of the transaction, which then takes no time. */
export class Ahead implements Target {
  readonly reader: Reader;
  readonly #stage: RunContext["stage"];
  readonly #duck: Duck;
  readonly #before = new Map<string, string>(); // what stood at each path
  #staged: {readonly path: string; readonly staged: Staged}[] = [];

  constructor(reader: Reader, {stage, duck}: Pick<RunContext, "stage" | "duck">) {
    this.reader = reader;
    this.#stage = stage;
    this.#duck = duck;
  }

  readonly append = async (path: string, selection: Selection): Promise<number> => {
    this.#before.set(path, await standingAt(this.reader, path));
    const staged = await this.#stage(path, selection, this.#duck);
    this.#staged.push({path, staged});
    return staged.pieces.reduce((sum, {rows}) => sum + rows, 0);
  };

  /** Has `body` append; when it throws, what it appended is forgotten. */
  async attempt<T>(body: () => Promise<T>): Promise<T> {
    const before = this.#staged.length;
    return body().catch((error: unknown) => {
      this.#staged = this.#staged.slice(0, before);
      throw error;
    });
  }

  /** Appends all of it in a transaction; false, and nothing, where others changed a series that it was compared with. */
  async commit(tx: Transaction): Promise<boolean> {
    for (const [path, before] of this.#before) if ((await standingAt(tx, path)) !== before) return false;
    for (const {path, staged} of this.#staged) await tx.append(path, staged, {parents: true});
    return true;
  }
}

/** The version of what stands at a path, as a word. */
async function standingAt(fs: Reader, path: string): Promise<string> {
  if (!(await fs.exists(path))) return "nothing";
  const {nodeId, version} = await fs.stat(path);
  return `${nodeId} ${version}`;
}
