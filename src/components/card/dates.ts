import {html} from "npm:htl";
import {clockIn} from "../time/clock.js";
import {menu} from "./menu.js";
import {within} from "../time/range.js";
import type {View} from "../chart/view.js";

const day = 86_400_000;

/** Two dates, both inclusive, between which a reader wants to see readings: days of the zone that is shown. */
export function dates(view: View): Element {
  const from = html`<input type="date" required />` as HTMLInputElement;
  const to = html`<input type="date" required />` as HTMLInputElement;
  const form = html`<form>
    <label>From ${from}</label> <label>to ${to}</label>
    <button>Show</button>
  </form>` as HTMLFormElement;
  const list = menu("Dates", form);
  const update = () => {
    const {wall} = clockIn(view.timeZone);
    const dateOf = (time: number) => new Date(wall(time)).toISOString().slice(0, 10);
    for (const input of [from, to])
      Object.assign(input, {min: dateOf(view.record.begin), max: dateOf(view.record.end)});
    [from.value, to.value] = [dateOf(view.range.begin), dateOf(view.range.end)];
  };
  list.element.addEventListener("toggle", update);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const ends = [from.value, to.value].sort();
    view.show(within(view.record, daysBetween(ends[0]!, ends[1]!, view.timeZone)));
    list.close();
  });
  return list.element;
}

function daysBetween(from: string, to: string, timeZone: string) {
  const {instant} = clockIn(timeZone);
  return {begin: instant(Date.parse(from)), end: instant(Date.parse(to) + day)};
}
