/** What is drawn over with the mouse: a stretch of time or, where the mouse went up and down, of values. */
export interface Brushed {
  readonly along: "x" | "y";
  readonly from: number; // pixels of the page, the lesser end
  readonly to: number;
}

const leastPixels = 6; // a shorter drag is a click

/** Draws the stretch over a figure while the pointer moves, and gives it when it is let go. */
export function brush(figure: HTMLElement, start: PointerEvent, done: (brushed: Brushed) => void): void {
  const shade = document.createElement("div");
  shade.className = "selection";
  const finish = new AbortController();
  const {signal} = finish;
  const stop = (event: PointerEvent) => {
    finish.abort();
    shade.remove();
    const brushed = brushedTo(figure, start, event);
    if (event.type === "pointerup" && isLong(brushed)) done(brushed);
  };
  for (const type of ["pointerup", "pointercancel"] as const) window.addEventListener(type, stop, {signal});
  window.addEventListener(
    "pointermove",
    (event) => {
      const brushed = brushedTo(figure, start, event);
      if (!isLong(brushed)) return shade.remove();
      Object.assign(shade.style, styleOf(figure, brushed));
      figure.append(shade);
    },
    {signal}
  );
}

function isLong({from, to}: Brushed): boolean {
  return to - from >= leastPixels;
}

/** From where the pointer came down to where it is, along the side that it went further along, within the figure. */
function brushedTo(figure: HTMLElement, start: PointerEvent, {clientX, clientY}: PointerEvent): Brushed {
  const {left, right, top, bottom} = figure.getBoundingClientRect();
  const along = Math.abs(clientX - start.clientX) >= Math.abs(clientY - start.clientY) ? "x" : "y";
  const [begin, end] = along === "x" ? [start.clientX, clientX] : [start.clientY, clientY];
  const [least, most] = along === "x" ? [left, right] : [top, bottom];
  const ends = [begin, Math.min(most, Math.max(least, end))];
  return {along, from: Math.min(...ends), to: Math.max(...ends)};
}

function styleOf(figure: HTMLElement, {along, from, to}: Brushed): Partial<CSSStyleDeclaration> {
  const {left, top} = figure.getBoundingClientRect();
  return along === "x"
    ? {left: `${from - left}px`, width: `${to - from}px`, top: "0", height: "100%"}
    : {top: `${from - top}px`, height: `${to - from}px`, left: "0", width: "100%"};
}
