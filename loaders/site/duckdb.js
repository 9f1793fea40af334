// What pages get as `npm:@duckdb/duckdb-wasm`: bundled for the browser by libraries.ts.
import {AsyncDuckDB as Base, DuckDBDataProtocol} from "@duckdb/duckdb-wasm/dist/duckdb-browser.mjs";

export * from "@duckdb/duckdb-wasm/dist/duckdb-browser.mjs";

/**
 * Takes each file whole, in one request. By itself it asks for ranges, counted from a length that hosts which compress
 * (GitHub Pages is one) give wrongly.
 */
export class AsyncDuckDB extends Base {
  async registerFileURL(name, url, protocol, isDirect) {
    if (protocol !== DuckDBDataProtocol.HTTP) return super.registerFileURL(name, url, protocol, isDirect);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`The file ${name} could not be fetched: the server answered ${response.status}.`);
    return super.registerFileBuffer(name, new Uint8Array(await response.arrayBuffer()));
  }
}
