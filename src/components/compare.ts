import {html} from "npm:htl";
import type {ColumnEntry, DatasetEntry} from "../../loaders/types.js";
import {backingOf} from "./card/backing.js";
import {card} from "./card/card.js";
import type {Source} from "./card/source.js";
import {catalogue, columnGroups} from "./catalogue.js";
import {colourOf, dashOf} from "./data/colour.js";
import {fromLink, mostCompared, toLink, yearCounts} from "./card/comparison.js";
import type {Comparison, Mode} from "./card/comparison.js";
import {recordOf} from "./data/dataset.js";
import {buildAge} from "./parts/latest.js";
import {swatch} from "./card/legend.js";
import {joined} from "./time/range.js";
import type {TimeRange} from "./time/range.js";
import {placeText, placeTicks, seasonOf, yearAxis, yearsIn} from "./chart/season.js";
import {button, help, moves, toolbar} from "./card/toolbar.js";
import {View} from "./chart/view.js";

/** The page Compare: any series of any sites on one axis, along time or year over year, before what is usual. */
export function compare(): Element {
  const places = placesOf();
  const [first] = places;
  if (!first) return html`<p class="empty muted">There is something to compare with the first reading.</p>`;
  return new Comparer(places).element;
}

/** A series that can be compared. */
interface Place {
  readonly key: string;
  readonly dataset: DatasetEntry;
  readonly column: ColumnEntry;
}

/** Those that have readings, by site and in the catalogue's order of parameters. */
function placesOf(): readonly Place[] {
  return catalogue.sites.flatMap((site) => {
    const dataset = catalogue.datasets.find(({name}) => name === site.dataset);
    if (!dataset || !recordOf(dataset)) return [];
    return columnGroups(dataset)
      .flat()
      .map((column) => ({key: `${dataset.name}/${column.name}`, dataset, column}));
  });
}

class Comparer {
  readonly element: HTMLElement;
  readonly #places: readonly Place[];
  readonly #chosen = html`<ul class="chosen" aria-label="Compared series"></ul>`;
  readonly #charts = html`<div></div>`;
  readonly #said = html`<p class="unseen" role="status"></p>`;
  readonly #add: HTMLElement;
  readonly #modes: Element;
  #comparison: Comparison;

  constructor(places: readonly Place[]) {
    this.#places = places;
    this.#comparison = fromLink(new URLSearchParams(location.search), beginning(places));
    this.#add = this.#adder();
    this.#modes = html`<div class="controls"></div>`;
    this.element = html`<div class="compare">
      ${buildAge()} ${this.#chosen} ${this.#add} ${this.#modes} ${this.#charts} ${this.#said} ${help()}
    </div>` as HTMLElement;
    this.#render();
  }

  #change(change: Partial<Comparison>): void {
    const before = this.#comparison;
    this.#comparison = {...before, ...change};
    history.replaceState(history.state, "", toLink(new URL(location.href), this.#comparison, before.mode));
    this.#render();
  }

  #render(): void {
    const found = this.#found;
    this.#chosen.replaceChildren(...found.map((place) => this.#chip(place)), ...this.#unknown);
    this.#modes.replaceChildren(...this.#choices());
    this.#add.hidden = this.#comparison.series.length >= mostCompared;
    this.#suggest();
    this.#charts.replaceChildren(
      found.length > 0
        ? charts(found, this.#comparison)
        : html`<p class="card empty muted">Choose a series above, and another to compare it with.</p>`
    );
  }

  get #found(): readonly Place[] {
    return this.#comparison.series.flatMap((key) => this.#places.find((place) => place.key === key) ?? []);
  }

  /** Those that a link asks for and that there are no more. */
  get #unknown(): readonly Element[] {
    const lost = this.#comparison.series.filter((key) => !this.#places.some((place) => place.key === key));
    return lost.map(
      (key) => html`<li class="late">There is no series “${key}”. ${this.#remover(key, `Remove ${key}`)}</li>`
    );
  }

  #chip(place: Place): Element {
    const name = nameOf(place);
    return html`<li>
      ${swatch({colour: colourOf(place.dataset.name), dash: "none"})} ${name}
      ${this.#remover(place.key, `Remove ${name}`)}
    </li>`;
  }

  #remover(key: string, label: string): Element {
    const element = button("×", () => this.#remove(key, label), label);
    element.classList.add("remove");
    return element;
  }

  /** The focus goes to what is left, or it would be lost with its button. */
  #remove(key: string, label: string): void {
    this.#change({series: this.#comparison.series.filter((one) => one !== key)});
    this.#said.textContent = `${label}: done.`;
    (this.#chosen.querySelector<HTMLElement>("button") ?? this.#add.querySelector("select")!).focus();
  }

  #adder(): HTMLElement {
    const groups = catalogue.sites.flatMap((site) => {
      const own = this.#places.filter(({dataset}) => dataset.name === site.dataset);
      const options = own.map(
        ({key, column}) => html`<option value=${key}>${site.label}: ${column.label}, ${column.scope}</option>`
      );
      return own.length > 0 ? [html`<optgroup label=${site.label}>${options}</optgroup>`] : [];
    });
    const select = html`<select id="series">
      ${groups}
    </select>` as HTMLSelectElement;
    const add = button("Add", () => {
      const {series} = this.#comparison;
      if (series.includes(select.value)) return void (this.#said.textContent = "That series is there already.");
      this.#change({series: [...series, select.value]});
      this.#said.textContent = `${nameOf(this.#places.find(({key}) => key === select.value)!)} added.`;
    });
    return html`<div class="controls"><label for="series">Series</label> ${select} ${add}</div>` as HTMLElement;
  }

  #choices(): readonly Element[] {
    const {mode, years, usual} = this.#comparison;
    const pressed = (element: Element, isOn: boolean) => {
      element.setAttribute("aria-pressed", String(isOn));
      return element;
    };
    const modeButton = (name: Mode, label: string) => {
      const element = button(label, () => {
        this.#change({mode: name});
        this.#modes.querySelector<HTMLElement>(".buttons [aria-pressed=true]")!.focus();
      });
      return pressed(element, mode === name);
    };
    const usualButton = button("What is usual", () => {
      this.#change({usual: !usual});
      this.#modes.querySelector<HTMLElement>(":scope > button")!.focus();
    });
    return [
      html`<span class="buttons" role="group" aria-label="Axis"
        >${modeButton("time", "Along time")}${modeButton("years", "Year over year")}</span
      >`,
      ...(mode === "years" ? [this.#yearsSelect(years)] : []),
      pressed(usualButton, usual)
    ];
  }

  #yearsSelect(years: number): Element {
    const record = recordOfAll(this.#found);
    const all = record ? yearsIn(record, catalogue.timeZone) : [];
    const counts = yearCounts.filter((count) =>
      count === Infinity ? all.length > 2 : count === 2 || count < all.length
    );
    const select = html`<select aria-label="Years">
      ${counts.map((count) => html`<option value=${count}>${yearWords(all, count)}</option>`)}
    </select>` as HTMLSelectElement;
    select.value = String(counts.includes(years) ? years : counts.at(-1));
    select.addEventListener("change", () => {
      this.#change({years: Number(select.value)});
      this.#modes.querySelector("select")!.focus();
    });
    return select;
  }

  /** What most would compare next: the same elsewhere. */
  #suggest(): void {
    const {series} = this.#comparison;
    const last = this.#found.at(-1)?.column;
    const left = this.#places.filter(({key}) => !series.includes(key));
    const same = left.find(({column: {parameter, scope}}) => parameter === last?.parameter && scope === last.scope);
    const next = same ?? left[0];
    if (next) this.#add.querySelector("select")!.value = next.key;
  }
}

/** "2025 and 2026", "2022 to 2026", "all 10 years". */
function yearWords(all: readonly number[], count: number): string {
  if (count === Infinity) return `all ${all.length} years`;
  const last = all.at(-1) ?? 0;
  return count === 2 ? `${last - 1} and ${last}` : `${last - count + 1} to ${last}`;
}

function recordOfAll(places: readonly Place[]): TimeRange | undefined {
  return joined(places.flatMap(({dataset}) => recordOf(dataset) ?? []));
}

function nameOf({dataset, column}: Pick<Place, "dataset" | "column">): string {
  return `${dataset.label}: ${column.label}, ${column.scope}`;
}

/** The first parameter of the first site, year over year where it has two years. */
function beginning([first]: readonly Place[]): Comparison {
  const record = recordOf(first!.dataset)!;
  const mode = yearsIn(record, catalogue.timeZone).length > 1 ? "years" : "time";
  return {series: [first!.key], mode, years: 2, usual: true};
}

// ---- Charts ----

/** A chart for each unit, one below the other. */
function charts(places: readonly Place[], {mode, years, usual}: Comparison): Element {
  const datasets = [...new Set(places.map(({dataset}) => dataset))];
  const record = recordOfAll(places)!;
  const view = mode === "years" ? yearView() : new View(record, {...catalogue, range: "1y"});
  const {timeZone} = catalogue;
  const seasons = mode === "years";
  const cards = [...groupsOf(places)].map(([unit, group]) => {
    const bases = sourcesOf(group).map((source) => ({...source, plain: usual}));
    const sources = seasons
      ? bases.flatMap((source) => yearsOf(source, {record, years, alone: bases.length === 1}))
      : bases;
    const title = [...new Set(group.map(({column}) => column.label))].join(", ");
    return card({title, unit, sources, view, backing: usual ? backingOf(bases, {timeZone, seasons}) : undefined});
  });
  return html`<div>${seasons ? yearToolbar(view) : toolbar(view, datasets)} ${cards}</div>`;
}

function groupsOf(places: readonly Place[]): ReadonlyMap<string, readonly Place[]> {
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const {unit} = place.column;
    groups.set(unit, [...(groups.get(unit) ?? []), place]);
  }
  return groups;
}

/** A line for each: sites by their colours, and those of one site by dashes and shades. */
function sourcesOf(group: readonly Place[]): readonly Source[] {
  const several = new Set(group.map(({column}) => column.label)).size > 1;
  return group.map((place, index) => {
    const {dataset, column, key} = place;
    const before = group.slice(0, index).filter((other) => other.dataset === dataset).length;
    return {
      key,
      dataset,
      column,
      label: several ? nameOf(place) : `${dataset.label}, ${column.scope}`,
      colour: shadeOf(colourOf(dataset.name), before),
      dash: dashOf(before)
    };
  });
}

interface Years {
  readonly record: TimeRange;
  readonly years: number;
  readonly alone: boolean; // the only series of its chart, whose years may have shades of their own
}

/** A line for each year of a series; the last one as the series is everywhere. */
function yearsOf(source: Source, {record, years, alone}: Years): readonly Source[] {
  const {timeZone} = catalogue;
  const all = yearsIn(record, timeZone);
  const own = new Set(yearsIn(recordOf(source.dataset)!, timeZone));
  const last = all.slice(years === Infinity ? 0 : -years);
  return last
    .filter((year) => own.has(year))
    .map((year): Source => {
      const age = all.at(-1)! - year;
      return {
        ...source,
        key: `${year}:${source.key}`,
        label: alone ? String(year) : `${source.label}, ${year}`,
        colour: alone ? shadeOf(source.colour, age) : source.colour,
        dash: dashOf(age),
        plain: true,
        season: seasonOf(year, timeZone)
      };
    });
}

/** A colour, nearer to that of the text with each step. */
function shadeOf(colour: string, step: number): string {
  return step === 0
    ? colour
    : `color-mix(in srgb, ${colour} ${Math.max(10, 75 - 25 * step)}%, var(--theme-foreground))`;
}

function yearView(): View {
  const axis = {ticks: placeTicks, tell: placeText};
  return new View(yearAxis, {timeZone: "UTC", range: "all", axis});
}

function yearToolbar(view: View): Element {
  const span = html`<span class="muted span"></span>`;
  const update = () => (span.textContent = `${view.tell(view.range.begin)} – ${view.tell(view.range.end - 1)}`);
  view.follow(update);
  update();
  return html`<div class="toolbar" role="group" aria-label="Visible part of the year">
    ${button("Whole year", () => view.reset())} ${moves(view)} ${span}
  </div>`;
}
