import fc from "fast-check";
import {expect, test} from "vitest";
import {fromLink, toLink, yearCounts} from "../../src/components/card/comparison.js";
import type {Comparison} from "../../src/components/card/comparison.js";

const otherwise: Comparison = {series: ["A/x"], mode: "years", years: 2, usual: true};

test("a link keeps what is compared, whatever it is", () => {
  const comparison = fc.record<Comparison>({
    series: fc.uniqueArray(fc.string({minLength: 1}), {maxLength: 4}),
    mode: fc.constantFrom("time", "years"),
    years: fc.constantFrom(...yearCounts),
    usual: fc.boolean()
  });
  fc.assert(
    fc.property(comparison, comparison, (before, after) => {
      const link = toLink(toLink(new URL("http://localhost/compare"), before), after, before.mode);
      const found = fromLink(new URL(link.href).searchParams, {...otherwise, years: after.years});
      expect(found).toEqual(after);
    })
  );
});

test("a link that says nothing, or nonsense, leaves what there is to begin with", () => {
  expect(fromLink(new URLSearchParams(), otherwise)).toEqual(otherwise);
  expect(fromLink(new URLSearchParams("mode=x&years=7"), otherwise)).toEqual(otherwise);
  expect(fromLink(new URLSearchParams("series="), otherwise).series).toEqual([]);
});

test("another axis forgets which part of the one before was shown, and nothing else", () => {
  const link = new URL("http://localhost/compare?from=2001-01-01&to=2001-02-01&unit=F&y=T~1~2&hide=2024:A/x");
  expect(toLink(link, {...otherwise, mode: "time"}, "years").search).toBe("?unit=F&series=A%2Fx&mode=time&usual=on");
  expect(toLink(link, otherwise, "years").searchParams.get("from")).toBe("2001-01-01");
});
