import {expect, onTestFinished, test, vi} from "vitest";
import {reporterTo, silent} from "../../loaders/runs/reporter.js";
import type {Reporter} from "../../loaders/types.js";

/** What a terminal is sent. */
function sent(terminal: {isTTY?: boolean; columns?: number}, say: (reporter: Reporter) => void): string {
  let text = "";
  say(reporterTo({...terminal, write: (part) => (text += String(part))}));
  return text;
}

/** What a terminal shows in the end: an erased line leaves nothing. */
function shown(text: string): string[] {
  const lines = text.split("\n").map((line) => line.slice(line.lastIndexOf("\r\x1b[2K") + 1).replace(/^\x1b\[2K/, ""));
  return lines.map((line) => line.replace(/\x1b\[\d+m/g, ""));
}

const all = (reporter: Reporter) => {
  reporter.step("Reading a");
  reporter.step("Reading b");
  reporter.line("2 read");
  reporter.warn("b is empty");
  reporter.step("Reading c");
};

test("elsewhere than on a terminal each step is a plain line", () => {
  expect(sent({}, all)).toBe("Reading a\nReading b\n2 read\nwarning: b is empty\nReading c\n");
});

test("on a terminal each step replaces the one before, and lines stay", () => {
  const text = sent({isTTY: true, columns: 80}, all);
  expect(shown(text)).toEqual(["2 read", "warning: b is empty", "Reading c …"]);
  expect(text.indexOf("Reading a")).toBeLessThan(text.indexOf("Reading b"));
});

test("a live step never wraps, since what wraps cannot be erased", () => {
  const long = "x".repeat(200);
  for (const columns of [3, 20, 80]) {
    const [line] = shown(sent({isTTY: true, columns}, (reporter) => reporter.step(long)));
    expect(line).toHaveLength(columns);
  }
  expect(shown(sent({isTTY: true}, (reporter) => reporter.step(long)))[0]).toHaveLength(80);
  expect(sent({columns: 20}, (reporter) => reporter.step(long))).toBe(`${long}\n`);
});

test("the silent one writes to neither stream", () => {
  const writes = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write").mockReturnValue(true));
  onTestFinished(() => void vi.restoreAllMocks());
  all(silent);
  for (const write of writes) expect(write).not.toHaveBeenCalled();
});
