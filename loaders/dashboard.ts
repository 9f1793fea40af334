import {z} from "zod";
import type {Kind} from "./types.js";
import {timeZone} from "./zone.js";

const site = z.strictObject({
  name: z.string().min(1).describe("short and lasting: it is in the page's address"),
  label: z.string().optional().describe("what readers see; the name unless given"),
  description: z.string().default("").describe("a sentence on where this is and what hangs there"),
  dataset: z.string().startsWith("/").describe("the reduced dataset that the site shows, e.g. /reduced/BDock"),
  position: z
    .tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)])
    .optional()
    .describe("longitude and latitude in degrees, east and north positive")
});

const parameter = z.strictObject({
  name: z.string().describe("as in the columns, e.g. DO"),
  label: z.string().describe("what readers see, e.g. Dissolved oxygen"),
  hidden: z.boolean().default(false).describe("true: not shown on the pages")
});

const schema = z.strictObject({
  title: z.string().min(1).describe("of the whole site"),
  description: z.string().default("").describe("a sentence for the first page and for search engines"),
  timeZone: timeZone.describe("in which times are shown"),
  publisher: z.string().min(1).optional().describe("who publishes the readings, for citations"),
  licence: z
    .strictObject({
      name: z.string().min(1).describe("as it is usually named, e.g. CC BY 4.0"),
      url: z.url().optional().describe("where its text is")
    })
    .optional()
    .describe("on what terms the readings may be used; it goes with every download"),
  sites: z
    .array(site)
    .min(1)
    .refine((sites) => new Set(sites.map(({name}) => name)).size === sites.length, "two sites have one name")
    .describe("the sites, in the order of the pages; the order also gives each its colour"),
  parameters: z.array(parameter).default([]).describe("labels and order; parameters not named come last, as they are")
});

export type DashboardSpec = z.infer<typeof schema>;

/** What the site shows: sites, their datasets, words for readers. It runs nothing; `publish` reads it. */
export const dashboard: Kind<DashboardSpec> = {
  name: "Dashboard",
  summary: "What the pages show: sites, datasets, titles and time zone.",
  schema,
  reads: ({sites}) => sites.map(({dataset}) => dataset)
};
