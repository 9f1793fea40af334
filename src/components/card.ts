import {html} from "npm:htl";
import type {ColumnEntry, DatasetEntry} from "../../loaders/types.js";
import {actions} from "./actions.js";
import {chart, describe} from "./chart.js";
import type {ChartElement, ChartOptions, Line} from "./chart.js";
import {crosshair, marksAt, markText, markTime} from "./crosshair.js";
import {abandonWaiting, readPoints} from "./dataset.js";
import type {Failure} from "./dataset.js";
import {formatUnit} from "./format.js";
import {gestures} from "./gesture.js";
import {legend} from "./legend.js";
import type {Legend} from "./legend.js";
import {pickResolution, resolutionWords} from "./resolution.js";
import type {View} from "./view.js";

/** One line that a card shows. */
export interface Source {
  readonly key: string; // of the series on every page: "<dataset>/<column>"
  readonly dataset: DatasetEntry;
  readonly column: ColumnEntry;
  readonly label: string;
  readonly colour: string;
  readonly dash: string;
}

export interface CardOptions {
  readonly title: string; // the parameter, for the reader
  readonly unit: string;
  readonly sources: readonly Source[];
  readonly view: View;
}

/** What a card could get of what it wants to show. */
export interface Loaded {
  readonly lines: readonly Line[];
  readonly failures: readonly Failure[];
}

const keys =
  "Arrow keys move it, plus and minus zoom, zero shows the whole record; with shift, arrow keys go from reading to reading.";

const slowAfter = 4000; // milliseconds until a reader is told that a file has not come

/**
 * A chart in a card of its own, which follows the page's view. While data comes, what is there already is drawn to the
 * new scale; when there is nothing to show, or something went wrong, the card says so and the rest of the page goes on.
 */
export function card(options: CardOptions): Element {
  return new Card(options).element;
}

class Card {
  readonly element: HTMLElement;
  readonly #options: CardOptions;
  readonly #figure: HTMLElement;
  readonly #legend: Legend;
  readonly #note = html`<span class="muted resolution"></span>`;
  readonly #caption = html`<figcaption class="unseen"></figcaption>`;
  readonly #said = html`<p class="unseen" aria-live="polite"></p>`; // readings that keys point at
  readonly #notices = html`<div class="notices"></div>`;
  readonly #twin = html`<div class="twin" hidden></div>` as HTMLElement;
  #loaded: Loaded = {lines: [], failures: []};
  #shown: ChartElement | undefined;
  #turn = 0;
  #size = {width: 0, height: 0};
  #inSight = true;

  constructor(options: CardOptions) {
    const {title, unit, sources, view} = options;
    this.#options = options;
    this.#legend = legend(sources, view);
    this.#figure = html`<figure
      class="chart"
      tabindex="0"
      role="group"
      aria-label=${`${title}, chart. ${keys}`}
      aria-busy="true"
    ></figure>` as HTMLElement;
    const tools = actions(options, {
      loaded: () => this.#loaded,
      twin: this.#twin,
      refresh: () => this.#showTwin(),
      card: () => this.element
    });
    this.element = html`<section class="card" aria-label=${title}>
      <h2>${title} <small class="muted">${formatUnit(unit, title)}</small> ${this.#note}</h2>
      ${this.#legend.element}${this.#figure}${this.#notices}${this.#said}${tools}${this.#twin}
    </section>` as HTMLElement;
    this.#listen(view);
  }

  #listen(view: View): void {
    view.follow(() => void this.#draw());
    view.trace(() => this.#mark());
    gestures(this.#figure, view, () => this.#shown);
    this.#figure.addEventListener("keyup", ({key, shiftKey}) => {
      if (shiftKey && key.startsWith("Arrow")) this.#sayMark();
    });
    window.addEventListener("online", () => {
      if (this.#loaded.failures.length > 0) void this.#draw();
    });
    new ResizeObserver(() => this.#resize()).observe(this.#figure);
    new IntersectionObserver(([entry]) => (this.#inSight = entry!.isIntersecting), {rootMargin: "200px"}).observe(
      this.#figure
    );
  }

  /** In the page a chart is as tall as its width asks for; over the whole screen, as there is room. */
  #resize(): void {
    const full = document.fullscreenElement === this.element;
    const width = Math.round(this.#figure.clientWidth);
    const height = full ? this.#figure.clientHeight : Math.round(Math.min(260, Math.max(170, width * 0.32)));
    if (width === 0 || (width === this.#size.width && height === this.#size.height)) return;
    this.#size = {width, height};
    void this.#draw();
  }

  async #draw(): Promise<void> {
    const {view, sources} = this.#options;
    if (this.#size.width === 0 || (view.gliding && !this.#inSight)) return;
    const turn = ++this.#turn;
    this.#figure.setAttribute("aria-busy", "true");
    this.#legend.update();
    const still = () => turn === this.#turn;
    const timers = [
      setTimeout(() => still() && this.#redraw(), 0), // what is in memory comes before this
      setTimeout(() => still() && this.#sayFiles("Slow: its data files have not come yet."), slowAfter)
    ];
    const loaded = await load(
      sources.filter(({key}) => !view.hides(key)),
      view,
      this.#size.width
    );
    timers.forEach(clearTimeout);
    if (!still()) return; // another range was asked for meanwhile
    this.#figure.removeAttribute("aria-busy");
    this.#loaded = loaded;
    this.#show();
  }

  /** The lines of before, to the scale of now. */
  #redraw(): void {
    if (this.#shown) this.#place(chart(this.#chartOptions()));
  }

  #chartOptions(): ChartOptions {
    const {title, unit, view} = this.#options;
    const {range, timeZone} = view;
    return {...this.#loaded, ...this.#size, range, parameter: title, unit, timeZone};
  }

  #show(): void {
    const {lines, failures} = this.#loaded;
    const empty = lines.every(({points}) => points.length === 0);
    this.#note.textContent = empty ? "" : words(lines);
    this.#notices.replaceChildren();
    if (empty) this.#place(failures.length > 0 ? this.#failure(failures[0]!.reason) : nothing(lines.length));
    else {
      const options = this.#chartOptions();
      this.#caption.textContent = describe(options);
      this.#place(chart(options));
      if (failures.length > 0) this.#sayFiles(`${failures[0]!.reason} The shaded stretch lacks it.`);
    }
    if (!this.#twin.hidden) this.#showTwin();
  }

  #place(content: ChartElement | Element): void {
    this.#shown = "invert" in content ? content : undefined;
    this.#figure.replaceChildren(content, ...(this.#shown ? [this.#caption] : []));
    this.#mark();
  }

  #showTwin(): void {
    const {title, view} = this.#options;
    void import("./twin.js").then(({twin}) =>
      this.#twin.replaceChildren(twin(this.#loaded.lines, {title, timeZone: view.timeZone}))
    );
  }

  /** The crosshair, where the page points at an instant. */
  #mark(): void {
    const {pointed, timeZone} = this.#options.view;
    this.#figure.querySelector(".cross")?.remove();
    if (pointed === undefined || !this.#shown) return this.#legend.tell();
    const marks = marksAt(this.#shown, pointed);
    this.#figure.append(crosshair(this.#shown, marks, {time: pointed, label: markTime(marks, pointed, timeZone)}));
    this.#legend.tell(marks);
  }

  #sayMark(): void {
    const {view, unit, title} = this.#options;
    if (view.pointed === undefined || !this.#shown) return;
    const marks = marksAt(this.#shown, view.pointed);
    const values = marks.map((mark) => `${mark.line.label} ${markText(mark, formatUnit(unit, title))}`);
    this.#said.textContent = `${markTime(marks, view.pointed, view.timeZone)}: ${values.join("; ")}`;
  }

  #sayFiles(sentence: string): void {
    this.#notices.replaceChildren(this.#failure(sentence));
  }

  #failure(sentence: string): Element {
    const again = html`<button type="button">Try again</button>`;
    again.addEventListener("click", () => {
      abandonWaiting();
      this.#options.view.refresh();
    });
    return html`<p class="failure" role="alert">${sentence} ${again}</p>`;
  }
}

function nothing(lines: number): Element {
  return html`<p class="empty muted">
    ${lines === 0 ? "All series are switched off." : "No readings in this range."}
  </p>`;
}

async function load(sources: readonly Source[], view: View, width: number): Promise<Loaded> {
  const {range} = view;
  const found = await Promise.all(
    sources.map(async ({dataset, column: {name: column}, ...source}) => {
      const resolution = resolutionOf(dataset, view, width);
      const {points, failures} = await readPoints({resolution, column}, range);
      return {line: {...source, column, resolution, points}, failures};
    })
  );
  return {lines: found.map(({line}) => line), failures: found.flatMap(({failures}) => failures)};
}

/** What the reader insists on, where the dataset has it, else what fits the pixels. */
function resolutionOf({resolutions}: DatasetEntry, {range, resolution: wanted}: View, width: number) {
  const insisted = resolutions.find(({name}) => name === wanted);
  return insisted ?? pickResolution(resolutions, range.end - range.begin, width);
}

function words(lines: readonly Line[]): string {
  return [...new Set(lines.map(({resolution}) => resolutionWords(resolution)))].join(", ");
}
