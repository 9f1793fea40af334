let last: Promise<void> = Promise.resolve();

/** One after another, each in a task of its own: in between the browser paints and answers the reader. */
export function turn(): Promise<void> {
  last = last.then(() => new Promise((resolve) => setTimeout(resolve)));
  return last;
}
