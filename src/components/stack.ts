import {html} from "npm:htl";
import {turn} from "./turn.js";

/**
 * Cards below each other, and what stands below all: the first card at once, the others one after another, so that the
 * browser paints and answers the reader in between. Nothing that is in sight moves when they come.
 */
export function stack(cards: readonly (() => Element)[], foot: Element): Element {
  const element = html`<div aria-busy="true"></div>`;
  const [first, ...others] = cards;
  if (first) element.append(first());
  void fill(element, others)
    .catch((error: unknown) => element.append(html`<p class="failure" role="alert">${String(error)}</p>`))
    .finally(() => {
      element.append(foot);
      element.removeAttribute("aria-busy");
    });
  return element;
}

async function fill(element: Element, cards: readonly (() => Element)[]): Promise<void> {
  for (const card of cards) {
    await turn();
    element.append(card());
  }
}
