import {html} from "npm:htl";
import {painted, turn} from "../data/turn.js";

/**
 * Cards below each other, and what stands below all: one after another once what is above them is painted, so that the
 * browser paints and answers the reader in between. Nothing that is in sight moves when they come.
 */
export function stack(cards: readonly (() => Element)[], foot: Element): Element {
  const element = html`<div class="stack" aria-busy="true"></div>`;
  void fill(element, cards)
    .catch((error: unknown) => element.append(html`<p class="failure" role="alert">${String(error)}</p>`))
    .finally(() => {
      element.append(foot);
      element.removeAttribute("aria-busy");
    });
  return element;
}

async function fill(element: Element, cards: readonly (() => Element)[]): Promise<void> {
  await painted();
  for (const card of cards) {
    await turn();
    element.append(card());
  }
}
