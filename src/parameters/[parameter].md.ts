import process from "node:process";
import {parseArgs} from "node:util";
import {readCatalogue} from "../../loaders/site/published.js";

// A page loader, and not a parameterised page, so that the title is the parameter's.
const {parameter: slug} = parseArgs({options: {parameter: {type: "string"}}}).values;
const {parameters} = await readCatalogue();
const parameter = parameters.find((one) => one.slug === slug);
if (!parameter)
  throw new Error(`there is no parameter "${slug}": there are ${parameters.map((one) => one.slug).join(", ")}`);

process.stdout.write(`---
title: ${JSON.stringify(parameter.label)}
---

# ${parameter.label}

\`\`\`js
import {parameter} from "../components/parameter.js";
display(parameter(${JSON.stringify(parameter.slug)}));
\`\`\`
`);
