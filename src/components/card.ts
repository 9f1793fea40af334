import {html} from "npm:htl";
import type {ColumnEntry, DatasetEntry} from "../../loaders/types.js";
import {brush} from "./brush.js";
import {catalogue} from "./catalogue.js";
import type {ChartElement, Line} from "./chart.js";
import {readPoints} from "./dataset.js";
import {formatUnit} from "./format.js";
import {newest} from "./latest.js";
import {pickResolution, resolutionWords} from "./resolution.js";
import type {TimeRange} from "./range.js";
import type {View} from "./view.js";

/** One line that a card shows. */
export interface Source {
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

const keys = "Arrow keys move it, plus and minus zoom, zero shows the whole record.";

/**
 * A chart in a card of its own, which follows the page's view. While data comes, the chart before stays; when there is
 * nothing to show, or something went wrong, the card says so and the rest of the page goes on.
 */
export function card(options: CardOptions): Element {
  const {title, unit, sources, view} = options;
  const figure = html`<figure
    class="chart"
    tabindex="0"
    aria-label=${`${title}, chart. ${keys}`}
    aria-busy="true"
  ></figure>` as HTMLElement;
  const note = html`<span class="muted resolution"></span>` as HTMLElement;
  let shown: ChartElement | undefined;
  let asked = 0;
  let width = 0;
  const draw = async () => {
    const turn = ++asked;
    figure.setAttribute("aria-busy", "true");
    const next = await load(options, width).catch((error: unknown) => failure(error, draw));
    if (turn !== asked) return; // another range was asked for meanwhile
    figure.removeAttribute("aria-busy");
    shown = "invert" in next ? next : undefined;
    note.textContent = shown ? words(shown.plotted.lines) : "";
    figure.replaceChildren(next);
  };
  view.follow(() => void draw());
  brush(figure, view, () => shown);
  followWidth(figure, (next) => {
    width = next;
    void draw();
  });
  return html`<section class="card">
    <h2>${title} <small class="muted">${formatUnit(unit, title)}</small> ${note}</h2>
    ${legend(sources)}${figure}
  </section>`;
}

/** Tells the width of an element, in CSS pixels, when it is first laid out and whenever it changes. */
function followWidth(element: Element, redraw: (width: number) => void): void {
  let before = 0;
  const observer = new ResizeObserver(([entry]) => {
    const width = Math.round(entry!.contentRect.width);
    if (width === before || width === 0) return;
    before = width;
    redraw(width);
  });
  observer.observe(element);
}

async function load({title, unit, sources, view}: CardOptions, width: number): Promise<ChartElement | Element> {
  const {range} = view;
  // Plot is most of the page's bytes: words come before it, and data beside it.
  const [{chart}, lines] = await Promise.all([import("./chart.js"), readLines(sources, range, width)]);
  if (lines.every(({points}) => points.length === 0))
    return html`<p class="empty muted">No readings in this range.</p>`;
  return chart({lines, range, width, parameter: title, unit, timeZone: catalogue.timeZone});
}

function readLines(sources: readonly Source[], range: TimeRange, width: number): Promise<Line[]> {
  return Promise.all(
    sources.map(async ({dataset, column: {name: column}, ...source}): Promise<Line> => {
      const resolution = pickResolution(dataset.resolutions, range.end - range.begin, width);
      return {...source, column, resolution, points: await readPoints({resolution, column}, range)};
    })
  );
}

function words(lines: readonly Line[]): string {
  return [...new Set(lines.map(({resolution}) => resolutionWords(resolution)))].join(", ");
}

function failure(error: unknown, retry: () => Promise<void>): Element {
  const again = html`<button type="button">Try again</button>`;
  again.addEventListener("click", () => void retry());
  return html`<p class="failure" role="alert">${error instanceof Error ? error.message : String(error)} ${again}</p>`;
}

/** Which line is which, with its newest value. */
function legend(sources: readonly Source[]): Element {
  return html`<ul class="legend">
    ${sources.map(
      (source) =>
        html`<li>
          <svg width="24" height="8" aria-hidden="true">
            <line
              x1="1"
              x2="23"
              y1="4"
              y2="4"
              style=${`stroke: ${source.colour}`}
              stroke-width="2"
              stroke-dasharray=${source.dash}
            />
          </svg>
          ${source.label} ${newest(source.column, source.dataset)}
        </li>`
    )}
  </ul>`;
}
