import {once} from "node:events";
import {createServer} from "node:http";
import type {AddressInfo} from "node:net";
import {Desk, root} from "./desk.js";
import type {CloudOptions, Exchange} from "./offer.js";

/** A cloud that is listening. */
export interface Cloud {
  readonly url: string; // of the API
  readonly exchanges: readonly Exchange[]; // in the order in which they were answered
  close(): Promise<void>;
}

/** Serves HydroVu's API on this machine alone: a source's readings, a page at a time, with faults as they are planned. */
export async function serveCloud(options: CloudOptions): Promise<Cloud> {
  const exchanges: Exchange[] = [];
  const desk = new Desk(options, (exchange) => exchanges.push(exchange));
  const server = createServer((request, response) => void desk.answer(request, response));
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening").catch((error: Error & {readonly code?: string}) => {
    if (error.code !== "EADDRINUSE") throw error;
    throw new Error(`the port ${options.port} is in use: choose another, or none`, {cause: error});
  });
  const {port} = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${root}`,
    exchanges,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    }
  };
}
