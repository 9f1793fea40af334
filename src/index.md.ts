import process from "node:process";
import {readCatalogue} from "../loaders/site/published.js";

// A page loader, so that the heading is the deployment's.
const {title} = await readCatalogue();

process.stdout.write(`# ${title}

\`\`\`js
import {home} from "./components/home.js";
display(home());
\`\`\`
`);
