import type {DashboardSpec} from "../kinds/dashboard.js";
import type {ParameterEntry, Reporter, SiteEntry, ThresholdEntry} from "../types.js";
import {conversionBetween} from "../readings/unit.js";

/** What thresholds are made of. */
interface Parts {
  readonly parameters: readonly ParameterEntry[];
  readonly sites: readonly SiteEntry[];
  readonly dashboard?: DashboardSpec;
  readonly reporter: Reporter;
}

/** Each threshold in every unit that its parameter comes in; one that cannot be told in it is left out, and that said. */
export function thresholdsOf({parameters, sites, dashboard, reporter}: Parts): ThresholdEntry[] {
  const datasets = new Map(sites.map(({name, dataset}) => [name, dataset]));
  return parameters.flatMap(({name, unit, statistic}) => {
    const wanted = dashboard?.parameters.find((parameter) => parameter.name === name)?.thresholds ?? [];
    return wanted.flatMap(({value, unit: from = unit, label, kind, side, sites: at}): ThresholdEntry[] => {
      const conversion = conversionBetween(from, unit, statistic);
      if (!conversion) {
        reporter.warn(
          `The threshold "${label}" of ${name} is in ${from}, its readings are in ${unit}: it is not shown.`
        );
        return [];
      }
      const there = at && {datasets: at.map((site) => datasets.get(site)!)};
      const converted = value * conversion.factor + conversion.offset;
      return [{parameter: name, unit, value: converted, label, kind, side, ...there}];
    });
  });
}
