import type {Duck} from "../../pond/duck.js";
import type {Source} from "./source.js";

/**
 * Metrics as OpenTelemetry's protocol writes them in JSON (OTLP 1.x, `MetricsData`): the points of gauges and sums in
 * the long form, one row a point. A point's attributes are part of what it measures, so they stand in its parameter:
 * `temperature{room=attic}`. Who measured, scope and resource, may be told apart by `scope`.
 */
export async function otlpSource(duck: Duck, objects: string): Promise<Source> {
  const metrics = `(SELECT resource, scope, unnest(from_json(s -> 'metrics', '["JSON"]')) AS m FROM
    (SELECT resource, s -> 'scope' AS scope, s FROM
      (SELECT r -> 'resource' AS resource, unnest(from_json(r -> 'scopeMetrics', '["JSON"]')) AS s FROM
        (SELECT unnest(from_json(json -> 'resourceMetrics', '["JSON"]')) AS r FROM ${objects}))))`;
  const points = `(SELECT *, unnest(from_json(coalesce(m -> 'gauge' -> 'dataPoints', m -> 'sum' -> 'dataPoints'), '["JSON"]')) AS p FROM ${metrics})`;
  const isRecorded = "coalesce(TRY_CAST(p ->> 'flags' AS INTEGER), 0) & 1 = 0"; // FLAG_NO_RECORDED_VALUE
  const columns = {
    timestamp: `p ->> 'timeUnixNano'`,
    parameter: `(m ->> 'name') || CASE WHEN len(${attributes("p")}) > 0 THEN '{' || ${attributes("p")} || '}' ELSE '' END`,
    unit: `m ->> 'unit'`,
    value: `CASE WHEN ${isRecorded} THEN TRY_CAST(coalesce(p ->> 'asDouble', p ->> 'asInt') AS DOUBLE) END`,
    scope: `scope ->> 'name'`,
    resource: attributes("resource")
  };
  const select = Object.values(columns).map((sql, index) => `${sql} AS c${index}`);
  const [others] = await duck.rows(
    `SELECT count(DISTINCT m ->> 'name')::DOUBLE AS count, min(m ->> 'name') AS name FROM ${metrics}
     WHERE NOT json_exists(m, '$.gauge') AND NOT json_exists(m, '$.sum')`
  );
  const count = Number(others!.count);
  const told =
    count === 1 ? `metric "${others!.name as string}"` : `${count} metrics such as "${others!.name as string}"`;
  return {
    from: `(SELECT ${select.join(", ")} FROM ${points})`,
    fields: Object.keys(columns).map((header, index) => ({
      header,
      type: header === "value" ? "DOUBLE" : "VARCHAR",
      sql: `c${index}`
    })),
    decimal: ".",
    notes: count > 0 ? [`${told} left out (neither a gauge nor a sum)`] : []
  };
}

/** Attributes as "key=value" by key, joined. */
function attributes(of: string): string {
  const kinds = ["stringValue", "intValue", "doubleValue", "boolValue"];
  const value = `coalesce(${kinds.map((kind) => `x -> 'value' ->> '${kind}'`).join(", ")}, (x -> 'value')::VARCHAR, '')`;
  const list = `list_transform(coalesce(from_json(${of} -> 'attributes', '["JSON"]'), []), x -> (x ->> 'key') || '=' || ${value})`;
  return `array_to_string(list_sort(${list}), ',')`;
}
