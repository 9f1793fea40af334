import type {Reporter} from "../types.js";

/** The part of a terminal stream that progress needs. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string | Uint8Array): unknown;
}

/** Says nothing: for tests and for loaders, whose standard output is their file. */
export const silent: Reporter = {step() {}, line() {}, warn() {}};

/** A live line that each step replaces on a terminal; one plain line per step elsewhere, as CI logs want it. */
export function reporterTo(terminal: Terminal): Reporter {
  return terminal.isTTY ? liveReporter(terminal) : plainReporter(terminal);
}

function plainReporter(terminal: Terminal): Reporter {
  const line = (text: string) => void terminal.write(`${text}\n`);
  return {step: line, line, warn: (text) => line(`warning: ${text}`)};
}

function liveReporter(terminal: Terminal): Reporter {
  const erase = "\r\x1b[2K";
  let live = false;
  const step = (text: string) => {
    live = true;
    terminal.write(`${erase}${clip(text, (terminal.columns ?? 80) - 2)} …`);
  };
  const line = (text: string) => {
    terminal.write(`${live ? erase : ""}${text}\n`);
    live = false;
  };
  return {step, line, warn: (text) => line(`\x1b[33mwarning:\x1b[39m ${text}`)};
}

function clip(text: string, width: number): string {
  return text.length > width ? text.slice(0, Math.max(0, width)) : text;
}
