// Preloaded into a process and its children: every connection but those on this machine fails, as with no network.
import dns from "node:dns";
import net from "node:net";

const local = (host) => host === undefined || /^(localhost|127\.|::1$|\[::1\])/.test(String(host));
const refuse = (host) => new Error(`there is no network in this test, and ${String(host)} was asked for`);

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const remote = typeof options === "object" && options !== null && options.path === undefined;
  if (remote && !local(options.host)) return this.destroy(refuse(options.host));
  return connect.apply(this, args);
};

dns.lookup = (host, ...rest) => rest.at(-1)(refuse(host));
