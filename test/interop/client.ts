import {spawn} from "node:child_process";
import type {ChildProcessWithoutNullStreams} from "node:child_process";
import {createInterface} from "node:readline";
import {fileURLToPath} from "node:url";

/** A row as ClickHouse's JSON has it: 64-bit integers are strings. */
export type Row = Readonly<Record<string, string | number | null>>;

/** An independent reader and writer of Delta tables: ClickHouse with the Delta kernel, in a process of its own. */
export class Judge {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #errors = "";
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#process = spawn(process.execPath, [fileURLToPath(new URL("judge.js", import.meta.url))], {cwd: "/"});
    this.#answers = createInterface({input: this.#process.stdout})[Symbol.asyncIterator]();
    this.#process.stderr.on("data", (text: Buffer) => (this.#errors += text.toString()));
  }

  /** The rows of a statement; one after another, whoever asks. */
  rows(sql: string): Promise<readonly Row[]> {
    const answer = this.#last.then(() => this.#ask(sql));
    this.#last = answer.catch(() => undefined); // the one who asked is told
    return answer;
  }

  close(): void {
    this.#process.stdin.end();
  }

  async #ask(sql: string): Promise<readonly Row[]> {
    this.#process.stdin.write(`${sql.replaceAll(/\s*\n\s*/g, " ")}\n`);
    const line = await this.#answers.next();
    if (line.done) throw new Error(`The judge ended before it answered ${sql}: ${this.#errors}`);
    const {rows, error} = JSON.parse(line.value) as {rows?: readonly Row[]; error?: string};
    if (rows === undefined) throw new Error(`The judge refused ${sql}: ${error}`);
    return rows;
  }
}

/** A Delta table on the host, as the judge names it. */
export function delta(directory: string): string {
  return `deltaLakeLocal('${directory}')`;
}
