import {Command} from "commander";
import {stringify} from "yaml";
import {editorSchema} from "../resources/editor.js";
import {fieldsOf} from "../resources/fields.js";
import type {FieldEntry} from "../resources/fields.js";
import {formatRows} from "../format.js";
import {exampleOf} from "../resources/guide.js";
import {kinds as all} from "../kinds.js";
import type {Shell} from "./shell.js";
import type {Kind} from "../types.js";
import {meant} from "../resources/wording.js";

interface KindsOptions {
  readonly schema?: boolean;
  readonly json?: boolean;
}

/** `pond kinds [kind]`: what resources there can be, and what may be written in them. */
export function kinds(shell: Shell): Command {
  return new Command("kinds")
    .description("tell the kinds of resources, or every field of one: default, unit, example")
    .argument("[kind]", "such as Inbox; all unless given")
    .option("--schema", "as JSON Schema, for editors")
    .option("--json", "for a program to read")
    .addHelpText("after", "\nExamples:\n  pond kinds\n  pond kinds Inbox\n  pond kinds --schema > schema.json")
    .action(async (name: string | undefined, {schema, json}: KindsOptions) => {
      const chosen = name === undefined ? all : [chosenOf(name)];
      if (schema) return shell.out(JSON.stringify(editorSchema(chosen), null, 2));
      if (json) return shell.out(JSON.stringify(await Promise.all(chosen.map(plain)), null, 2));
      if (name !== undefined) return shell.out(await inFull(chosen[0]!));
      shell.out(
        formatRows(
          all.map(({name, summary}) => ({kind: name, "what it is": summary})),
          "table"
        )
      );
    });
}

function chosenOf(name: string): Kind {
  const kind = all.find((one) => one.name === name);
  if (kind) return kind;
  const names = all.map((one) => one.name);
  throw new Error(`there is no kind "${name}"${meant(name, names)}; the kinds are ${names.join(", ")}.`);
}

async function plain(kind: Kind) {
  return {name: kind.name, summary: kind.summary, fields: await fieldsOf(kind), example: await exampleOf(kind.name)};
}

async function inFull(kind: Kind): Promise<string> {
  const fields = (await fieldsOf(kind)).map(tell);
  return [`${kind.name}: ${kind.summary}`, ...fields, `All of it:\n\n${await exampleOf(kind.name)}`].join("\n\n");
}

function tell({name, type, unit, description, ...field}: FieldEntry): string {
  const facts = [
    unit === undefined ? type : `${type}, ${unit}`,
    ...(field.isRequired ? ["required"] : []),
    ...(field.default === undefined ? [] : [`default ${inline(field.default)}`]),
    ...(field.example === undefined ? [] : [`e.g. ${inline(field.example)}`])
  ];
  return `${name} (${facts.join("; ")})\n    ${description}`;
}

/** As it would be written on a line of YAML. */
function inline(value: unknown): string {
  const text = stringify(value, {collectionStyle: "flow", lineWidth: 0}).trim();
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
