/** One thing that the pond does, undone: a test that runs on it has to fail. */
export interface Mutant {
  readonly name: string;
  readonly file: string; // below pond/
  readonly find: string; // stands there once
  readonly put: string;
  readonly tests: string; // below test/pond/, without its ending
  readonly only?: string; // of the tests there, those with this in their name
}

/** What each guarantee rests on, taken away. */
export const mutants: readonly Mutant[] = [
  {
    name: "a file is not synced",
    file: "local.ts",
    find: "    await handle.sync();\n  } finally {\n    await handle.close();\n  }\n}\n\n/** False when the name",
    put: "  } finally {\n    await handle.close();\n  }\n}\n\n/** False when the name",
    tests: "upkeep",
    only: "loss of power"
  },
  {
    name: "the directory of a new name is not synced",
    file: "local.ts",
    find: "await sync(dirname(target), this.#disk)",
    put: "await Promise.resolve()",
    tests: "upkeep",
    only: "loss of power"
  },
  {
    name: "a new directory is not synced into the one above",
    file: "local.ts",
    find: "    await sync(dirname(path), this.#disk);\n",
    put: "",
    tests: "upkeep",
    only: "loss of power"
  },
  {
    name: "a deletion is not synced before the next",
    file: "local.ts",
    find: "      await sync(dirname(this.locate(key)), this.#disk).catch(absent);\n",
    put: "",
    tests: "upkeep",
    only: "loss of power"
  },
  {
    name: "a name that is taken is taken over, as rename would",
    file: "local.ts",
    find: "    await disk.link(temp, target);\n",
    put: "    await disk.unlink(target).catch(() => undefined);\n    await disk.link(temp, target);\n",
    tests: "store"
  },
  {
    name: "what a killed process left stays for ever",
    file: "local.ts",
    find: "found.mtimeMs < Date.now() - abandoned",
    put: "found.mtimeMs < 0",
    tests: "store"
  },
  {
    name: "a short write is taken for a whole one",
    file: "local.ts",
    find: "    done += bytesWritten;",
    put: "    done += Math.max(bytesWritten, content.length);",
    tests: "fault"
  },
  {
    name: "the commit does not wait for its op files",
    file: "commit.ts",
    find: "const put = store.putIfAbsent(`oplog/${path}`, content);",
    put: "const put = Promise.resolve(void store.putIfAbsent(`oplog/${path}`, content).catch(() => undefined));",
    tests: "power"
  },
  {
    name: "an op file is added without its partition",
    file: "commit.ts",
    find: "partitionValues: {part_id: partId}, size",
    put: "partitionValues: {part_id: ''}, size",
    tests: "pond"
  },
  {
    name: "a commit does not say what it follows",
    file: "commit.ts",
    find: "    ...(state.version < 0 ? {} : {previous: state.sha256})\n",
    put: "",
    tests: "check"
  },
  {
    name: "times follow the clock, wherever it goes",
    file: "commit.ts",
    find: "Math.max(Math.floor(now), state.timestamp + 1)",
    put: "Math.floor(now)",
    tests: "clock"
  },
  {
    name: "what others changed meanwhile is not looked at",
    file: "commit.ts",
    find: "(add !== undefined && add.dataChange && partitions.has(add.partitionValues.part_id!))",
    put: "false",
    tests: "order"
  },
  {
    name: "a commit whose answer was lost is made again",
    file: "commit.ts",
    find: "if (winners[0]?.info.txnId === txnId)",
    put: "if (txnId === '')",
    tests: "order",
    only: "whose answer was lost"
  },
  {
    name: "op files of a transaction that is void stay",
    file: "commit.ts",
    find: "  for (const {add} of actions) if (add) await store.delete(`oplog/${add.path}`);\n",
    put: "",
    tests: "order"
  },
  {
    name: "a writer that was away writes into the hole that a cleanup left",
    file: "commit.ts",
    find: "(await checkpointAfter(store, state.version, false)) !== undefined",
    put: "false",
    tests: "maintain"
  },
  {
    name: "two compactions do not exclude each other",
    file: "commit.ts",
    find: "actions.some(({remove}) => remove !== undefined)",
    put: "actions.length < 0",
    tests: "maintain"
  },
  {
    name: "the hint comes before its checkpoint",
    file: "checkpoint.ts",
    find: "  await store.putIfAbsent(key, bytes);\n",
    put: "  await store.delete(hintKey);\n  await store.putIfAbsent(hintKey, Buffer.from(JSON.stringify({version, size: 1})));\n  await store.putIfAbsent(key, bytes);\n",
    tests: "upkeep",
    only: "loss of power"
  },
  {
    name: "a checkpoint is read whatever its seal says",
    file: "checkpoint.ts",
    find: "rows?.find(isSeal)?.txn?.appId === sealed + sealOf(actions) ? actions : undefined",
    put: "(sealOf(actions) === '' ? undefined : actions)",
    tests: "maintain"
  },
  {
    name: "a commit is read whatever its hash says",
    file: "delta.ts",
    find: "return isWhole && hash(text.replace(seal(info.sha256), seal(unsealed))) === info.sha256;",
    put: "return isWhole && text !== '';",
    tests: "flip"
  },
  {
    name: "an op file is read whatever its hash says",
    file: "contents.ts",
    find: "if (sha256 === undefined || hash(bytes) === sha256) return bytes;",
    put: "if (bytes.length > 0) return bytes;",
    tests: "flip"
  },
  {
    name: "content is read whatever its hash says",
    file: "contents.ts",
    find: "if (hash(bytes) === record.sha256) return bytes;",
    put: "if (bytes.length >= 0) return bytes;",
    tests: "flip"
  },
  {
    name: "DuckDB gets a file whatever its hash says",
    file: "contents.ts",
    find: "if (digits !== sha256) throw",
    put: "if (digits === '') throw",
    tests: "flip"
  },
  {
    name: "DuckDB gets a cached copy whatever its hash says",
    file: "contents.ts",
    find: "hash(await readFile(file)) === sha256)",
    put: "sha256 !== '')",
    tests: "flip"
  },
  {
    name: "the chain is not compared",
    file: "log.ts",
    find: "info.previous !== undefined && info.previous !== before[i]!.sha256",
    put: "info.previous === ''",
    tests: "check"
  },
  {
    name: "a commit counts from when its writer says, whatever was before it",
    file: "history.ts",
    find: "    time = Math.max(time, before.info.timestamp);\n",
    put: "",
    tests: "history"
  },
  {
    name: "a checkpoint after a foreign commit forgets the latest time",
    file: "log.ts",
    find: ", await timeOf(store, entry));",
    put: ", entry.info.timestamp + 0 * (await timeOf(store, entry)));",
    tests: "history"
  },
  {
    name: "a log may begin anywhere",
    file: "chain.ts",
    find: "      this.#gap(this.state.horizon, this.#first! - 1);\n",
    put: "      this.#isWhole = true;\n",
    tests: "check"
  },
  {
    name: "a footer's types are not compared",
    file: "footer.ts",
    find: "type !== undefined && said !== undefined && type !== said",
    put: "type === ''",
    tests: "check"
  },
  {
    name: "a stream gives what it has not proven",
    file: "contents.ts",
    find: "    await this.#prove(blobKey(record.sha256), record.sha256);\n",
    put: "",
    tests: "edge"
  },
  {
    name: "compaction forgets the past",
    file: "compact.ts",
    find: "const keptPast = pastRecords.filter(plan.isKept);",
    put: "const keptPast = pastRecords.filter(plan.isKept).slice(1);",
    tests: "maintain"
  },
  {
    name: "compaction makes all that there is anew",
    file: "compact.ts",
    find: "    if (file.bytes > 2 * size) break;\n",
    put: "",
    tests: "maintain",
    only: "follows from what came"
  },
  {
    name: "merged readings take the older of two",
    file: "readings.ts",
    find: "else if (value !== null) out[out.length - 1] = value;",
    put: "",
    tests: "maintain"
  },
  {
    name: "merged versions are shown beside those that they stand for",
    file: "view.ts",
    find: "  return records.filter((record) => !covered.has(record));",
    put: "  return records.filter((record) => covered !== undefined || record.version < 0);",
    tests: "maintain"
  },
  {
    name: "vacuum waits for nobody",
    file: "vacuum.ts",
    find: "if (since > now - retention || mark === undefined)",
    put: "if (mark === undefined)",
    tests: "maintain"
  },
  {
    name: "vacuum takes what was put again",
    file: "vacuum.ts",
    find: "known[key]?.mark === mark ? known[key]?.since : undefined",
    put: "known[key]?.since",
    tests: "maintain"
  },
  {
    name: "cleanup takes commits that time travel needs",
    file: "maintain.ts",
    find: "Math.min(state.horizon, newest, ...older.slice(0, 1))",
    put: "newest",
    tests: "maintain"
  },
  {
    name: "of two versions the older counts",
    file: "series.ts",
    find: "coalesce(b.${name}, a.${name})",
    put: "coalesce(a.${name}, b.${name})",
    tests: "pond"
  },
  {
    name: "of many versions the oldest counts",
    file: "series.ts",
    find: 'arg_max(${identifier(name)}, "pond order")',
    put: 'arg_min(${identifier(name)}, "pond order")',
    tests: "pond"
  },
  {
    name: "the end of a range counts as in it",
    file: "series.ts",
    find: "timestamp < make_timestamptz(${end})",
    put: "timestamp <= make_timestamptz(${end})",
    tests: "pond"
  }
];
