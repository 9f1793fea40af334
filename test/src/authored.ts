import {readFile} from "node:fs/promises";
import {join} from "node:path";

/** Pages as authors write them, by their paths in the project. */

/** A page as Framework's own documentation would have it. */
const documented = `# By an author

\`\`\`js
const file = FileAttachment("data/Mouth/1d/2025-01-01-0123abcd.parquet");
const days = await file.parquet();
const warmth = view(Inputs.range([0, 30], {label: "Warmer than", value: 10, step: 1}));
\`\`\`

\`\`\`js
const rows = [...days].filter((row) => row["Surface.Temperature.C.avg"] > warmth);
display(Plot.plot({marks: [Plot.dot(rows, {x: "timestamp", y: "Surface.Temperature.C.avg"})]}));
display(html\`<output>\${days.numRows}</output>\`);
display(d3.csvParse("a\\n1").length);
\`\`\`
`;

export const authored = {"src/author.md": documented};

const guide = await readFile(join(import.meta.dirname, "../../PAGES.md"), "utf8");
const [oxygen, warm, months] = [...guide.matchAll(/^````md\n(.*?)^````$/gms)].map((match) => match[1]!) as [
  string,
  string,
  string
];

const all = `# All else

\`\`\`js
import {dataset, download, latest, table} from "../components/page.js";
import {chart} from "../components/page.js";
display(latest("basin"));
const days = await dataset({parameter: "Temperature", scope: "Surface", by: "1d", from: "2025-01-01", to: "2025-01-03T12:00Z"});
display(table(days.map(({site, timestamp, value}) => ({site, timestamp, value})), {name: "Days"}));
display(download({parameter: "Battery"}));
display(chart({parameter: "Battery", range: "7d"}));
display(chart({parameter: "Dissolved oxygen", sites: "Mouth", buttons: false, title: "Breath"}));
\`\`\`

\`\`\`js
const client = await DuckDBClient.of({made: [{a: 1}, {a: 2}]});
const [{total}] = await client.query("SELECT sum(a)::INTEGER AS total FROM made");
const whole = await FileAttachment("../data/Mouth/1d.parquet").parquet();
const [given] = await FileAttachment("given.csv").csv({typed: true});
const {list} = await FileAttachment("given.json").json();
display(html\`<output>\${[total, whole.numRows, given.b, list.length].join(" ")}</output>\`);
\`\`\`
`;

const wrong = `# Wrong

\`\`\`js
import {chart} from "../components/page.js";
display(chart({parameter: "Oxygn"}));
\`\`\`
`;

/** Those of the guide, word for word, and one of all else. */
export const guided = {
  "src/oxygen.md": oxygen,
  "src/warm.md": warm,
  "src/months.md": months,
  "src/more/all.md": all,
  "src/more/wrong.md": wrong,
  "src/more/given.csv": "a,b\n1,2\n",
  "src/more/given.json": '{"list": [1, 2, 3]}'
};
