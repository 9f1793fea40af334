import {html} from "npm:htl";
import {actions} from "./actions.js";
import {catalogue} from "../catalogue.js";
import {chart, glide, renew} from "../chart/chart.js";
import type {ChartElement, ChartOptions} from "../chart/chart.js";
import {crosshair, marksAt, markText, markTime} from "../chart/crosshair.js";
import {abandonWaiting} from "../data/dataset.js";
import {formatUnit} from "../data/format.js";
import type {Line, Threshold} from "../chart/frame.js";
import {gestures} from "../chart/gesture.js";
import {keyWords} from "../chart/keyboard.js";
import {legend} from "./legend.js";
import type {Legend} from "./legend.js";
import {anticipate, arrive, known, knownIn, load} from "./load.js";
import type {Loaded, Wanted} from "./load.js";
import {noteList, notesOn} from "./notes.js";
import type {Noted} from "./notes.js";
import type {CardOptions} from "./options.js";
import {resolutionWords} from "../data/resolution.js";
import {breathe, turn} from "../data/turn.js";
import type {TimeRange} from "../time/range.js";
import {choicesFor} from "./units.js";
import type {Choice} from "./units.js";
import type {View} from "../chart/view.js";

const slowAfter = 4000; // milliseconds until a reader is told that a file has not come
const lateAfter = 50; // milliseconds until what is there already is shown to the new scale, paler
const calm = 300; // milliseconds after a gesture in which the next one finds the strip that this one moved

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
  readonly #name: string; // as the view knows it
  readonly #choices: readonly Choice[];
  readonly #figure: HTMLElement;
  readonly #legend: Legend;
  readonly #note = html`<span class="muted resolution"></span>`;
  readonly #caption = html`<figcaption class="unseen"></figcaption>`;
  readonly #said = html`<p class="unseen" aria-live="polite"></p>`; // readings that keys point at
  readonly #notices = html`<div class="notices"></div>`;
  readonly #remarks = html`<div></div>`;
  readonly #twin = html`<div class="twin" hidden></div>` as HTMLElement;
  #loaded: Loaded = {lines: [], failures: []};
  #noted: readonly Noted[] = [];
  #unbacked: string | undefined; // why what is usual cannot be told
  #shown: ChartElement | undefined;
  #turn = 0;
  #size = {width: 0, height: 0};
  #inSight = true;
  #ahead: Promise<void> | undefined; // what a moving chart fetches
  #moving = false; // its lines are on a strip
  #touched = false; // the reader has pointed at it

  constructor(options: CardOptions) {
    const {title, unit, sources, view} = options;
    this.#options = options;
    this.#name = `${title} ${unit}`;
    this.#choices = choicesFor(sources);
    this.#legend = legend(sources, view);
    this.#figure = html`<figure
      class="chart"
      tabindex="0"
      aria-label=${`${title}, chart. ${keyWords}`}
      aria-busy="true"
    ></figure>` as HTMLElement;
    const deck = {
      name: this.#name,
      loaded: () => this.#loaded,
      values: () => this.#shown?.plotted.values,
      twin: this.#twin,
      refresh: () => this.#showTwin(),
      card: () => this.element
    };
    this.element = html`<section class="card" aria-label=${title}>
      <header>
        <h2>${title}</h2>
        ${this.#unitChoice()} ${this.#note}
      </header>
      ${this.#legend.element}${this.#figure}${this.#notices}${this.#remarks}${this.#said}${actions(options, deck)}${
        this.#twin
      }
    </section>` as HTMLElement;
    this.#updateLegend();
    this.#listen(view);
  }

  #unitChoice(): Element {
    const {title, view} = this.#options;
    const units = this.#choices.map(({unit}) => unit);
    if (units.length === 1) return html`<span class="muted unit">${formatUnit(units[0]!, title)}</span>`;
    const options = units.map((unit) => html`<option value=${unit}>${formatUnit(unit, title)}</option>`);
    const select = html`<select class="unit" aria-label=${`Unit of ${title}`}>
      ${options}
    </select>` as HTMLSelectElement;
    const update = () => (select.value = view.unitAmong(units));
    select.addEventListener("change", () => view.chooseUnit(select.value, units));
    view.follow(update);
    update();
    return select;
  }

  #listen(view: View): void {
    view.follow(() => this.#follow());
    view.trace(() => this.#mark());
    gestures(this.#figure, {view, name: this.#name, current: () => this.#shown});
    this.#figure.addEventListener("keyup", ({key, shiftKey}) => {
      if (shiftKey && key.startsWith("Arrow")) this.#sayMark();
    });
    for (const type of ["pointerenter", "focus"] as const)
      this.#figure.addEventListener(type, () => {
        this.#touched = true;
        this.#anticipate();
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

  #follow(): void {
    if (this.#size.width === 0) return;
    if (!this.#options.view.gliding) void this.#draw();
    else if (this.#inSight) this.#glide();
  }

  get #wanted(): Wanted {
    const {sources, view} = this.#options;
    const shown = sources.filter(({key}) => !view.hides(key));
    return {sources: shown, choice: this.#choice, view, width: this.#size.width};
  }

  get #choice(): Choice {
    const unit = this.#options.view.unitAmong(this.#choices.map((choice) => choice.unit));
    return this.#choices.find((choice) => choice.unit === unit)!;
  }

  /** What the view asks for, from files where they are needed. */
  async #draw(): Promise<void> {
    const round = ++this.#turn;
    const still = () => round === this.#turn;
    this.#figure.setAttribute("aria-busy", "true");
    this.#updateLegend();
    const wanted = this.#wanted;
    const late = setTimeout(() => still() && this.#wait(), lateAfter);
    const slow = setTimeout(() => still() && this.#sayFiles("Slow: its data files have not come yet."), slowAfter);
    await arrive(wanted);
    clearTimeout(late);
    await turn();
    const lacking = this.#options.backing?.ready(wanted.choice);
    const loaded = still() ? await load(wanted) : this.#loaded;
    this.#unbacked = await lacking;
    await breathe();
    clearTimeout(slow);
    if (this.#moving && this.#shown?.plotted.range === wanted.view.range) await this.#rest();
    if (!still()) return; // something else was asked for meanwhile
    this.#figure.removeAttribute("aria-busy");
    this.#figure.classList.remove("pale");
    this.#loaded = loaded;
    this.#noted = wanted.view.axis ? [] : notesOn(wanted.sources, wanted.view.range);
    this.#show();
    if (this.#touched) this.#anticipate();
  }

  /** Files are on their way: the lines of before, to the scale of now. */
  #wait(): void {
    this.#figure.classList.add("pale");
    this.#redraw();
  }

  /** What a gesture has moved is there already. */
  #rest(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, calm));
  }

  /** While a gesture goes on: what is in memory, to the scale of now; what a moving chart lacks is fetched meanwhile. */
  #glide(): void {
    this.#turn++;
    const wanted = this.#wanted;
    const {whole, ...found} = known(wanted, this.#loaded.lines);
    this.#loaded = {...found, failures: this.#loaded.failures};
    if (!whole && !this.#zooms()) this.#fetchAhead(wanted);
    const {lines} = this.#loaded;
    const beside = (range: TimeRange) => knownIn(wanted, lines, range);
    this.#moving = this.#shown !== undefined && glide(this.#shown, this.#chartOptions(), beside);
    if (this.#moving) this.#mark();
    else this.#redraw();
  }

  /** Files of the resolutions in between are not worth fetching. */
  #zooms(): boolean {
    const {range} = this.#options.view;
    const shown = this.#shown?.plotted.range ?? range;
    return Math.abs(range.end - range.begin - (shown.end - shown.begin)) > 1000; // they come rounded
  }

  #fetchAhead(wanted: Wanted): void {
    this.#ahead ??= arrive(wanted)
      .then(() => load(wanted))
      .then(() => {
        if (!this.#options.view.gliding) return;
        if (this.#shown) renew(this.#shown);
        this.#glide();
      })
      .finally(() => (this.#ahead = undefined));
  }

  #anticipate(): void {
    if (this.#size.width > 0) anticipate(this.#wanted);
  }

  #redraw(): void {
    if (this.#shown) this.#place(chart(this.#chartOptions()));
  }

  #chartOptions(): ChartOptions {
    const {title, view, backing} = this.#options;
    const {range, timeZone, flags, tell, axis} = view;
    return {
      ...this.#loaded,
      ...this.#size,
      range,
      timeZone,
      tell,
      flags,
      backdrops: backing?.backdrops(range, this.#choice, (series) => view.hides(series)),
      ...(axis ? {ticks: axis.ticks(range, this.#size.width / 80)} : {}),
      values: view.valuesOf(this.#name),
      thresholds: this.#thresholds(),
      notes: this.#noted,
      parameter: title,
      unit: this.#choice.unit
    };
  }

  /** Those of the parameter, in the unit that is shown. */
  #thresholds(): Threshold[] {
    const {sources} = this.#options;
    const names = new Set(sources.map(({dataset}) => dataset.name));
    return catalogue.thresholds
      .filter((one) => sources.every(({column: {parameter, unit}}) => one.parameter === parameter && one.unit === unit))
      .filter(({datasets}) => datasets?.some((name) => names.has(name)) ?? true)
      .flatMap((threshold) => {
        const value = this.#choice.tellAlone(threshold.value);
        return value === undefined ? [] : [{...threshold, value}];
      });
  }

  #updateLegend(): void {
    this.#legend.update(this.#choice, this.#thresholds());
    if (this.#options.view.pointed === undefined) this.#legend.tell();
  }

  #show(): void {
    const {lines, failures} = this.#loaded;
    const {timeZone} = this.#options.view;
    const empty = lines.every(({points, flagged}) => points.length === 0 && (flagged ?? []).length === 0);
    this.#note.textContent = empty ? "" : words(lines);
    this.#notices.replaceChildren();
    this.#remarks.replaceChildren(noteList(this.#noted, timeZone) ?? "", this.#backingWords() ?? "");
    if (empty) this.#place(failures.length > 0 ? this.#failure(failures[0]!.reason) : this.#nothing());
    else {
      const drawn = chart(this.#chartOptions());
      this.#caption.textContent = drawn.getAttribute("aria-label");
      this.#place(drawn);
      if (failures.length > 0) this.#sayFiles(`${failures[0]!.reason} The shaded stretch lacks it.`);
    }
    if (!this.#twin.hidden) this.#showTwin();
  }

  /** What the band behind the lines is made of, or why it is not there. */
  #backingWords(): Element | undefined {
    const {backing} = this.#options;
    if (!backing) return undefined;
    if (this.#unbacked !== undefined) return this.#failure(`What is usual cannot be told. ${this.#unbacked}`);
    return html`<p class="muted help">${backing.words(this.#choice)}</p>`;
  }

  #place(content: ChartElement | Element): void {
    this.#shown = "invert" in content ? content : undefined;
    this.#moving = false;
    this.#figure.replaceChildren(content, ...(this.#shown ? [this.#caption] : []));
    this.#mark();
  }

  #showTwin(): void {
    const {title, view} = this.#options;
    void import("./twin.js").then(({twin}) =>
      this.#twin.replaceChildren(twin(this.#loaded.lines, {title, tell: view.tell}))
    );
  }

  /** The crosshair, where the page points at an instant. */
  #mark(): void {
    const {pointed, tell} = this.#options.view;
    this.#figure.querySelector(".cross")?.remove();
    if (pointed === undefined || !this.#shown) return this.#legend.tell();
    const marks = marksAt(this.#shown, pointed);
    this.#figure.append(crosshair(this.#shown, marks, {time: pointed, label: tell(markTime(marks, pointed))}));
    this.#legend.tell(marks);
  }

  #sayMark(): void {
    const {view, title} = this.#options;
    if (view.pointed === undefined || !this.#shown) return;
    const marks = marksAt(this.#shown, view.pointed);
    const values = marks.map((mark) => `${mark.line.label} ${markText(mark, formatUnit(this.#choice.unit, title))}`);
    this.#said.textContent = `${view.tell(markTime(marks, view.pointed))}: ${values.join("; ")}`;
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

  /** Why there is no chart, and the way to where there is one. */
  #nothing(): Element {
    const {sources, view} = this.#wanted;
    if (sources.length === 0) return html`<p class="empty muted">All series are switched off.</p>`;
    const lasts = sources.flatMap(({column}) => (column.latest ? [Date.parse(column.latest.time)] : []));
    const last = Math.max(...lasts);
    const {begin, end} = view.range;
    const elsewhere = !view.axis && Number.isFinite(last) && (last < begin || last > end);
    const show = html`<button type="button">Show the last ones</button>`;
    show.addEventListener("click", () => view.show({begin: last - (end - begin), end: last}));
    return html`<p class="empty muted">No readings in this range. ${elsewhere ? show : null}</p>`;
  }
}

function words(lines: readonly Line[]): string {
  return [...new Set(lines.map(({resolution}) => resolutionWords(resolution)))].join(", ");
}
