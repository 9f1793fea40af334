import * as z from "zod";
import {path} from "../path.js";
import {ifSound} from "../sound.js";
import type {Kind} from "../types.js";
import {timeZone} from "../time/zone.js";

const colour = z.string().regex(/^#[0-9a-f]{6}$/i, "write a colour such as #0072b2, six digits of hexadecimal after #");

const site = z.strictObject({
  name: z.string().min(1).describe("short and lasting: it is in the page's address"),
  label: z.string().optional().describe("what readers see; the name unless given"),
  description: z.string().default("").describe("a sentence on where this is and what hangs there"),
  dataset: path().describe("the reduced dataset that the site shows, e.g. /reduced/BDock"),
  position: z
    .tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)])
    .optional()
    .meta({unit: "degrees"})
    .describe("longitude and latitude, east and north positive"),
  colour: colour.optional().describe("on every page, made to stand out in light and dark; one of seven unless given")
});

const threshold = z.strictObject({
  value: z.number().describe("where it is"),
  unit: z.string().min(1).optional().describe("that the value is in; the readings' own unless given"),
  label: z.string().min(1).describe("what readings beyond it are, e.g. Hypoxia"),
  kind: z.enum(["note", "warning", "alarm"]).default("note").describe("how loudly to say so: note, warning or alarm"),
  side: z.enum(["above", "below"]).describe("on which side of the value: above or below"),
  sites: z.array(z.string()).min(1).optional().describe("at which sites it holds; at all unless given")
});

const parameter = z.strictObject({
  name: z.string().describe("as in the columns, e.g. DO"),
  label: z.string().describe("what readers see, e.g. Dissolved oxygen"),
  unit: z.string().min(1).optional().describe("in which readers see it first; the readings' own unless given"),
  thresholds: z.array(threshold).default([]).describe("values that matter, drawn in its charts"),
  hidden: z.boolean().default(false).describe("true: not shown on the pages")
});

const page = z.union([
  z.string().min(1).describe("sites, parameters, compare, explore, status, about, or a file of src/ without its .md"),
  z
    .strictObject({name: z.string().min(1).describe("what readers see"), path: z.string().min(1).describe("the page")})
    .describe("a page under another name")
]);

const fields = z.strictObject({
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
  logo: z
    .string()
    .regex(/\.(svg|png)$/i, "write the name of an .svg or .png")
    .optional()
    .describe("an SVG or PNG, relative to this YAML file: beside the title, and in the browser's tab"),
  accent: colour.optional().describe("of links and chosen buttons, made to stand out in light and dark"),
  pages: z
    .array(
      z.union([
        page,
        z
          .strictObject({
            name: z.string().min(1).describe("what readers see"),
            pages: z.array(page).min(1).describe("its pages")
          })
          .describe("pages under a heading")
      ])
    )
    .min(1)
    .optional()
    .describe("what the sidebar lists, in this order; every page unless given"),
  sites: z
    .array(site)
    .min(1)
    .refine((sites) => new Set(sites.map(({name}) => name)).size === sites.length, "two sites have one name")
    .describe("the sites, in the order of the pages; the order also gives each its colour"),
  parameters: z.array(parameter).default([]).describe("labels and order; parameters not named come last, as they are"),
  annotations: z
    .array(path("write a path of the pond, such as /annotations/*"))
    .optional()
    .describe("tables of annotations to show, paths or patterns; those of every Manual unless given")
});

const schema = fields.superRefine(
  ({sites, parameters}, context) => {
    const names = sites.map(({name}) => name);
    for (const [index, {thresholds}] of parameters.entries())
      for (const [number, threshold] of thresholds.entries())
        for (const name of threshold.sites ?? [])
          if (!names.includes(name))
            context.addIssue({
              code: "custom",
              path: ["parameters", index, "thresholds", number, "sites"],
              message: `there is no site "${name}": the sites are ${names.join(", ")}`
            });
  },
  ifSound("sites.*.name", "parameters.*.thresholds")
);

export type DashboardSpec = z.infer<typeof schema>;

/** What the site shows: sites, their datasets, words for readers. It runs nothing; `publish` reads it. */
export const dashboard: Kind<DashboardSpec> = {
  name: "Dashboard",
  summary: "What the pages show: sites, datasets, titles and time zone.",
  schema,
  reads: ({sites}) => sites.map(({dataset}) => dataset)
};
