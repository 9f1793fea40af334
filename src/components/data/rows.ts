import {html} from "npm:htl";

const page = 100; // rows at a time: a table of thousands is slow to lay out and nobody's to read

/** How many rows a table has, what each is, and what the button for more of them says. */
interface Rows {
  readonly count: number;
  readonly row: (index: number) => Element;
  readonly label: string;
}

/** The body of a table, a hundred rows at a time, and the button that brings more. */
export function rows({count, row, label}: Rows): {readonly body: Element; readonly more: Element} {
  const body = html`<tbody></tbody>`;
  const more = html`<button type="button">${label}</button>` as HTMLButtonElement;
  let shown = 0;
  const grow = () => {
    const end = Math.min(count, shown + page);
    for (; shown < end; shown++) body.append(row(shown));
    more.hidden = shown === count;
  };
  more.addEventListener("click", grow);
  grow();
  return {body, more};
}
