import {html} from "npm:htl";
import type {CardOptions, Loaded} from "./card.js";

/** What the actions of a card need of it. */
interface Deck {
  readonly loaded: () => Loaded;
  readonly card: () => HTMLElement;
  readonly twin: HTMLElement; // the table twin of the chart
  readonly refresh: () => void; // fills the twin
}

/** What a reader can do with a card: see its table, download it, fill the screen with it, copy the link to it. */
export function actions(options: CardOptions, deck: Deck): Element {
  const said = html`<span class="said" role="status"></span>`;
  return html`<div class="actions" role="group" aria-label=${`${options.title}: table, download, full screen, link`}>
    ${tableButton(deck)} ${downloads(options, deck, said)} ${screenButton(deck, said)} ${linkButton(said)} ${said}
  </div>`;
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
  const menu = html`<details class="menu">
    <summary>Download</summary>
    <div>
      ${item("What is shown, CSV", async () => (await import("./download.js")).saveShown(options, loaded()))}
      ${item("Whole record, CSV", async () => (await import("./download.js")).saveWhole(options, "csv"))}
      ${item("Whole record, Parquet", async () => (await import("./download.js")).saveWhole(options, "parquet"))}
    </div>
  </details>` as HTMLDetailsElement;
  menu.addEventListener("keydown", ({key}) => {
    if (key === "Escape") close();
  });
  menu.addEventListener("focusout", ({relatedTarget}) => {
    if (relatedTarget && !menu.contains(relatedTarget as Node)) menu.open = false;
  });
  function close(): void {
    menu.open = false;
    menu.querySelector("summary")!.focus();
  }
  function item(label: string, act: () => Promise<void>): Element {
    return button(
      label,
      async () => {
        close();
        said.textContent = "Preparing the file …";
        await act();
        said.textContent = "Downloaded.";
      },
      said
    );
  }
  return menu;
}

function screenButton({card}: Deck, said: Element): Element {
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
