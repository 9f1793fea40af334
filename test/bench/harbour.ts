import {stringify} from "yaml";

/** How large a harbour is simulated. */
export interface Size {
  readonly sites: number;
  readonly from: string; // ISO 8601, the first reading
}

const names = ["basin", "mouth", "river", "canal", "dock", "ferry", "ledge", "marsh", "quay", "slip"];

/** Fine to coarse. */
export const harbourResolutions = ["15m", "1h", "6h", "1d"] as const;

/** The resources of a deployment as the default one, with as many sites as asked for, as one YAML file. */
export function harbourResources({sites: count, from}: Size): string {
  const sites = names.slice(0, count).map((name, index) => ({
    name,
    depth: 4 + index,
    river: ((index * 3) % 10) / 10,
    shelter: ((index * 7) % 10) / 10
  }));
  const combines = sites.map(({name}) =>
    resource("Combine", name, {
      output: `/sites/${titled(name)}`,
      scopes: ["Surface", "Bottom"].map((scope) => ({
        name: scope,
        inputs: [{series: `/instruments/${name}-${scope.toLowerCase()}`}]
      }))
    })
  );
  return [
    resource("Simulator", "harbour", {seed: 1, into: "/instruments", from, sites}),
    ...combines,
    resource("Reduce", "sites", {input: "/sites/*", output: "/reduced/$0", resolutions: [...harbourResolutions]}),
    resource("Dashboard", "harbour", {
      title: "A Larger Harbour",
      timeZone: "America/Los_Angeles",
      sites: sites.map(({name}) => ({name, label: titled(name), dataset: `/reduced/${titled(name)}`}))
    })
  ].join("---\n");
}

function resource(kind: string, name: string, spec: unknown): string {
  return stringify({apiVersion: "duckpond/v1", kind, metadata: {name}, spec});
}

function titled(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1);
}
