import {html} from "npm:htl";

/** A button that opens what is under it: closed by Escape, and when the focus or a click goes elsewhere. */
export interface Menu {
  readonly element: HTMLDetailsElement;
  /** Closes it, and gives the focus back to its button. */
  close(): void;
}

export function menu(label: string, content: readonly Element[] | Element): Menu {
  const element = html`<details class="menu">
    <summary>${label}</summary>
    <div>${content}</div>
  </details>` as HTMLDetailsElement;
  const close = () => {
    element.open = false;
    element.querySelector("summary")!.focus();
  };
  const leave = ({target}: Event) => {
    if (!element.contains(target as Node)) element.open = false;
  };
  element.addEventListener("keydown", ({key}) => {
    if (key === "Escape" && element.open) close();
  });
  element.addEventListener("focusout", ({relatedTarget}) => {
    if (relatedTarget && !element.contains(relatedTarget as Node)) element.open = false;
  });
  element.addEventListener("toggle", () => {
    if (element.open) document.addEventListener("pointerdown", leave);
    else document.removeEventListener("pointerdown", leave);
  });
  return {element, close};
}
