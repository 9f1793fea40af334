import {across, margins} from "./frame.js";
import type {Frame, Line} from "./frame.js";
import {linesOf} from "./marks.js";
import type {TimeRange} from "../time/range.js";
import {turn} from "../data/turn.js";

/** What is known of a chart's lines in a range. */
export type Known = (range: TimeRange) => readonly Line[];

/** How what was drawn to one frame lies in another: times as long and as high, and where its corner is, in CSS pixels. */
export interface Stretch {
  readonly across: number;
  readonly up: number;
  readonly left: number;
  readonly top: number;
}

const reach = 2; // pages to each side of those in sight that are kept

/**
 * While a chart is moved, its lines are on a strip that runs under a window of the size of its frame. The strip is a
 * layer of its own: the browser paints it once and then only moves it, which costs no more for many readings than for
 * few. It is made of pages, each as long as what the chart showed at first and drawn when it comes near.
 */
export class Strip {
  readonly #frame: Frame; // what the pages are drawn to
  readonly #element = division("strip");
  readonly #sheet: SVGSVGElement; // an empty one
  readonly #pages = new Map<number, Element>(); // by how many lengths they are after the first
  #known: Known = () => [];
  #beside: readonly number[] = []; // pages that will be in sight next
  #busy = false;

  /** Stands in the place of a chart's lines, below what stands before them. */
  constructor(chart: SVGSVGElement, frame: Frame, before: readonly Element[]) {
    this.#frame = frame;
    this.#sheet = chart.cloneNode() as SVGSVGElement;
    for (const name of ["role", "aria-label"]) this.#sheet.removeAttribute(name);
    this.#sheet.setAttribute("aria-hidden", "true");
    const [pane, front] = [division("pane"), this.#sheet.cloneNode() as SVGSVGElement];
    const {innerWidth: width, innerHeight: height} = frame;
    place(pane, {left: margins.left, top: margins.top, width, height});
    pane.append(this.#element);
    front.classList.add("front");
    front.append(...before);
    chart.after(pane, front);
  }

  /** Moves the strip so that it shows a range, and draws the pages of it that are not there; soon, those beside it. */
  show(range: TimeRange, {across: wide, up, left, top}: Stretch, known: Known): void {
    this.#known = known;
    this.#element.style.transform = `matrix(${[wide, 0, 0, up, left, top].join(", ")})`;
    const [first, last] = [Math.floor(this.#pagesTo(range.begin)), Math.ceil(this.#pagesTo(range.end)) - 1];
    for (let page = first; page <= last; page++) this.#need(page);
    this.#forget((page) => page < first - reach || page > last + reach);
    this.#beside = [first - 1, last + 1];
    if (!this.#busy) void this.#prepare();
  }

  /** Forgets what is drawn: more is known now. */
  renew(): void {
    this.#forget(() => true);
  }

  #forget(which: (page: number) => boolean): void {
    for (const [page, element] of this.#pages)
      if (which(page)) {
        element.remove();
        this.#pages.delete(page);
      }
  }

  /** How many pages lie between the begin of the first and a time. */
  #pagesTo(time: number): number {
    const {begin, end} = this.#frame.range;
    return (time - begin) / (end - begin);
  }

  /** One page at a time: in between the browser paints and answers the reader. */
  async #prepare(): Promise<void> {
    const next = () => this.#beside.find((page) => !this.#pages.has(page));
    this.#busy = true;
    try {
      for (let page = next(); page !== undefined && this.#element.isConnected; page = next()) {
        await turn();
        this.#need(page);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** A page is drawn with the bins beside it, so that lines go on from page to page. */
  #need(page: number): void {
    if (this.#pages.has(page)) return;
    const {range, lines, innerWidth} = this.#frame;
    const length = range.end - range.begin;
    const its = {begin: range.begin + page * length, end: range.begin + (page + 1) * length};
    const bins = 2 * Math.max(...lines.map(({resolution}) => resolution.widthMs));
    const known = this.#known({begin: its.begin - bins, end: its.end + bins});
    this.#add(page, linesOf(known, {...this.#frame, range: its, x: across(its, innerWidth)}));
  }

  #add(page: number, lines: string): void {
    const {innerWidth: width, innerHeight: height} = this.#frame;
    const [element, sheet] = [division("page"), this.#sheet.cloneNode() as SVGSVGElement];
    place(element, {left: page * width, top: 0, width, height});
    Object.assign(sheet.style, {left: `${-margins.left}px`, top: `${-margins.top}px`});
    sheet.innerHTML = `<g class="lines" transform="scale(.1)">${lines}</g>`;
    element.append(sheet);
    this.#element.append(element);
    this.#pages.set(page, element);
  }
}

function division(name: string): HTMLElement {
  const element = document.createElement("div");
  element.className = name;
  return element;
}

function place(element: HTMLElement, box: Readonly<Record<"left" | "top" | "width" | "height", number>>): void {
  for (const [side, pixels] of Object.entries(box)) element.style.setProperty(side, `${pixels}px`);
}
