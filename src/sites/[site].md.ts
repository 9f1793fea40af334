import process from "node:process";
import {parseArgs} from "node:util";
import {readCatalogue} from "../../loaders/site/published.js";

// A page loader, and not a parameterised page, so that the title is the site's.
const {site: slug} = parseArgs({options: {site: {type: "string"}}}).values;
const {sites} = await readCatalogue();
const site = sites.find((one) => one.slug === slug);
if (!site) throw new Error(`there is no site "${slug}": the sites are ${sites.map((one) => one.slug).join(", ")}`);

process.stdout.write(`---
title: ${JSON.stringify(site.label)}
---

# ${site.label}

\`\`\`js
import {site} from "../components/site.js";
display(site(${JSON.stringify(site.slug)}));
\`\`\`
`);
