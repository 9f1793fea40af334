import {html} from "npm:htl";
import type {CardOptions} from "./options.js";
import {pageUrl} from "../catalogue.js";
import {mostCompared} from "./comparison.js";
import type {Loaded} from "./load.js";
import {menu} from "./menu.js";
import {movedValues, zoomedValues} from "../chart/values.js";
import type {Values} from "../chart/view.js";

/** What the actions of a card need of it. */
interface Deck {
  readonly name: string; // of the chart, as the view knows it
  readonly loaded: () => Loaded;
  readonly values: () => Values | undefined; // of the value axis
  readonly card: () => HTMLElement;
  readonly twin: HTMLElement; // the table twin of the chart
  readonly refresh: () => void; // fills the twin
}

/** What a reader can do with a card: see its table, download it, fill the screen with it, copy the link to it. */
export function actions(options: CardOptions, deck: Deck): Element {
  const said = html`<span class="said" role="status"></span>`;
  return html`<div
    class="actions"
    role="group"
    aria-label=${`${options.title}: table, download, scale, full screen, link`}
  >
    ${tableButton(deck)} ${downloads(options, deck, said)} ${scale(options, deck)} ${screenButton(deck, said)}
    ${linkButton(said)} ${compareLink(options)} ${said}
  </div>`;
}

/** To the same series on the page that compares them, unless this is it. */
function compareLink({sources, backing}: CardOptions): Element | null {
  if (backing || sources.some(({season}) => season)) return null;
  const query = new URLSearchParams(sources.slice(0, mostCompared).map(({key}) => ["series", key]));
  return html`<a href=${`${pageUrl("compare")}?${query.toString()}`}>Compare</a>`;
}

type Act = () => void | Promise<void>;

/** A button that says in the card when what it does cannot be done. */
function button(label: string, act: Act, said?: Element): Element {
  const element = html`<button type="button">${label}</button>`;
  element.addEventListener("click", () => {
    if (said) said.textContent = "";
    void Promise.resolve()
      .then(act)
      .catch((error: unknown) => said && (said.textContent = error instanceof Error ? error.message : String(error)));
  });
  return element;
}

function tableButton({twin, refresh}: Deck): Element {
  const element = button("Table", () => {
    twin.hidden = !twin.hidden;
    element.setAttribute("aria-expanded", String(!twin.hidden));
    if (!twin.hidden) refresh();
  });
  element.setAttribute("aria-expanded", "false");
  return element;
}

function downloads(options: CardOptions, {loaded}: Deck, said: Element): Element {
  const item = (label: string, act: () => Promise<void>) =>
    button(
      label,
      async () => {
        list.close();
        said.textContent = "Preparing the file …";
        await act();
        said.textContent = "Downloaded.";
      },
      said
    );
  const list = menu("Download", [
    item("What is shown, CSV", async () => (await import("./download.js")).saveShown(options, loaded(), "csv")),
    item("What is shown, Parquet", async () => (await import("./download.js")).saveShown(options, loaded(), "parquet")),
    item("Whole record, CSV", async () => (await import("./download.js")).saveWhole(options, "csv")),
    item("Whole record, Parquet", async () => (await import("./download.js")).saveWhole(options, "parquet"))
  ]);
  return list.element;
}

/** What the mouse and the keys do to the value axis, for everyone. */
function scale({view}: CardOptions, {name, values}: Deck): Element {
  const item = (label: string, change: (values: Values) => Values | undefined) =>
    button(label, () => {
      const now = values();
      if (now) view.showValues(name, change(now));
    });
  const list = menu("Scale", [
    item("Closer", (now) => zoomedValues(now, 0.5)),
    item("Wider", (now) => zoomedValues(now, 2)),
    item("Higher", (now) => movedValues(now, 0.25)),
    item("Lower", (now) => movedValues(now, -0.25)),
    item("To the readings", () => undefined)
  ]);
  return list.element;
}

function screenButton({card}: Deck, said: Element): Element | null {
  if (!document.fullscreenEnabled) return null; // on some phones
  const element = button(
    "Full screen",
    () => (document.fullscreenElement ? document.exitFullscreen() : card().requestFullscreen()),
    said
  );
  document.addEventListener("fullscreenchange", () => {
    element.textContent = document.fullscreenElement === card() ? "Leave full screen" : "Full screen";
  });
  return element;
}

function linkButton(said: Element): Element {
  return button(
    "Copy link",
    async () => {
      await navigator.clipboard.writeText(location.href).catch(() => {
        throw new Error(`This browser does not let pages copy; the link is ${location.href}`);
      });
      said.textContent = "Link copied.";
    },
    said
  );
}
