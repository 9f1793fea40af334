import type {Disk} from "../../pond/disk.js";
import {LocalStore} from "../../pond/local.js";
import type {Store} from "../../pond/types.js";

/** A store at a path of a disk, whose objects DuckDB cannot reach, for they are not on this machine's disk. */
export function remoteStore(root: string, disk: Disk): Store {
  const store = new LocalStore(root, disk);
  return {
    get: (key) => store.get(key),
    getRange: (key, begin, end) => store.getRange(key, begin, end),
    putIfAbsent: (key, content) => store.putIfAbsent(key, content),
    list: (prefix) => store.list(prefix),
    delete: (key) => store.delete(key)
  };
}
