import type {Table} from "npm:apache-arrow";
import {html} from "npm:htl";
import {catalogue} from "./catalogue.js";
import type {Database} from "./query/database.js";
import {mark} from "./parts/mark.js";
import {picker} from "./query/picker.js";
import {examplesOf, sentenceOf, sourcesOf} from "./query/question.js";
import type {Source} from "./query/question.js";

/** The page Explore: SQL over everything that is published, in the reader's own browser. */
export function explore(): Element {
  const sources = sourcesOf(catalogue);
  if (sources.every(({resolution}) => resolution.rows === 0))
    return html`<p class="empty muted">There is something to explore with the first reading.</p>`;
  return new Explorer(sources).element;
}

class Explorer {
  readonly element: HTMLElement;
  readonly #sources: readonly Source[];
  readonly #editor: HTMLTextAreaElement;
  readonly #run: HTMLButtonElement;
  readonly #status = html`<span class="muted" role="status"></span>`;
  readonly #failure = html`<div></div>`;
  readonly #output = html`<div></div>`;
  #database: Promise<Database> | undefined;
  #turn = 0;

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
    const examples = examplesOf(sources, catalogue.parameters);
    const asked = new URLSearchParams(location.search).get("sql");
    this.#editor = html`<textarea
      id="query"
      rows="7"
      spellcheck="false"
      autocapitalize="off"
      autocomplete="off"
    ></textarea>` as HTMLTextAreaElement;
    this.#editor.value = asked ?? examples[0]?.sql ?? "";
    this.#editor.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void this.run();
    });
    this.#run = html`<button type="button" class="main">Run</button>` as HTMLButtonElement;
    this.#run.addEventListener("click", () => void this.run());
    const buttons = examples.map(({label, sql}) => {
      const button = html`<button type="button">${label}</button>`;
      button.addEventListener("click", () => this.ask(sql));
      return button;
    });
    this.element = html`<div class="explore">
      <p>
        Ask the published readings in SQL, the dialect of DuckDB. Times are UTC; local_time(timestamp) makes them those
        of ${catalogue.timeZone}. Your browser does the work: the first query fetches its engine, about 5 MB, once.
      </p>
      <div class="controls" role="group" aria-label="Examples">${buttons}</div>
      ${picker(sources, (sql) => this.write(sql))}
      <label for="query">Query</label>
      ${this.#editor}
      <div class="controls">
        ${this.#run} <span class="muted help">Ctrl and Enter run it as well.</span> ${this.#status}
      </div>
      ${this.#failure} ${this.#output}
    </div>` as HTMLElement;
    if (asked !== null) void this.run();
  }

  /** Puts a query in the editor and runs it. */
  ask(sql: string): void {
    this.write(sql);
    void this.run();
  }

  write(sql: string): void {
    this.#editor.value = sql;
  }

  async run(): Promise<void> {
    const sql = this.#editor.value.trim();
    if (sql === "") return this.#say("", "Write a query first, or choose an example.");
    const turn = ++this.#turn;
    const still = () => turn === this.#turn;
    this.#output.setAttribute("aria-busy", "true");
    keep(sql);
    this.#say("Starting …");
    const started = performance.now();
    try {
      const table = await this.#query(sql, (words) => still() && this.#say(words));
      const took = ((performance.now() - started) / 1000).toFixed(1);
      const {output} = await import("./query/output.js");
      if (!still()) return;
      this.#output.replaceChildren(output(table, sql));
      this.#say(`${table.numRows.toLocaleString("en-US")} ${table.numRows === 1 ? "row" : "rows"} in ${took} s.`);
    } catch (error) {
      if (!still()) return;
      this.#say("", sentenceOf(error instanceof Error ? error.message : String(error), this.#sources));
      this.#output.replaceChildren();
    } finally {
      if (still()) this.#output.removeAttribute("aria-busy");
    }
  }

  async #query(sql: string, tell: (words: string) => void): Promise<Table> {
    if (!this.#database) {
      tell("Fetching the engine …");
      this.#database = import("./query/database.js").then(({Database}) => Database.open(this.#sources));
      this.#database.catch(() => (this.#database = undefined)); // fetched anew the next time
    }
    return (await this.#database).query(sql, tell);
  }

  #say(words: string, trouble?: string): void {
    this.#status.textContent = words;
    this.#failure.replaceChildren(
      ...(trouble === undefined ? [] : [html`<p class="late" role="alert">${mark("late")} ${trouble}</p>`])
    );
  }
}

/** The query stands in the link, so that a copied link asks the same. */
function keep(sql: string): void {
  const link = new URL(location.href);
  if (link.searchParams.get("sql") === sql) return;
  for (const name of ["x", "mark"]) link.searchParams.delete(name);
  link.searchParams.set("sql", sql);
  history.replaceState(history.state, "", link);
}
