let last: Promise<void> = Promise.resolve();
let begun = 0; // when the task that goes on now took its turn

/** One after another, each in a task of its own: in between the browser paints and answers the reader. */
export function turn(): Promise<void> {
  last = last.then(() => new Promise((resolve) => setTimeout(resolve)));
  return last.then(() => void (begun = performance.now()));
}

const longest = 8; // milliseconds, of a task that readers do not notice; four times as long on a slow phone

/** Goes on at once, or when the work has gone on for long, in a task of its own. */
export async function breathe(): Promise<void> {
  if (performance.now() - begun < longest) return;
  await new Promise<void>((resolve) => {
    const {port1, port2} = new MessageChannel(); // without the delay that timers within timers have
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
  begun = performance.now();
}

const soon = 250; // milliseconds; a browser may paint nothing, as in a tab that is not shown

/** Resolves when what is on the page by now has been laid out and painted, or will not be soon. */
export async function painted(): Promise<void> {
  await new Promise<void>((resolve) => {
    requestAnimationFrame(() => resolve());
    setTimeout(resolve, soon);
  });
  await turn();
}
