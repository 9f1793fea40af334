/** What is packed in bytes as Zstandard, frame after frame. Node has it from 22.15 on, and we run on 20. */
export async function* unpacked(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const {Decompress} = await import("fzstd"); // which few files need
  let parts: Uint8Array[] = [];
  const unpacking = new Decompress((part) => parts.push(part));
  const taken = () => {
    const bytes = Buffer.concat(parts);
    parts = [];
    return bytes;
  };
  for await (const chunk of chunks) {
    unpacking.push(chunk);
    yield taken();
  }
  unpacking.push(new Uint8Array(), true);
  yield taken();
}
