/**
 * The text of a small file: UTF-16 as a byte order mark or its zeros tell, else UTF-8, and what is none is Windows-1252,
 * in which spreadsheets save. A mark is left out.
 */
export function textIn(bytes: Uint8Array): string {
  const utf16 = utf16In(bytes);
  if (utf16 !== undefined) return new TextDecoder(utf16).decode(bytes);
  try {
    return new TextDecoder("utf-8", {fatal: true}).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes, {stream: true}); // all at once, Node 20 takes it for Latin-1
  }
}

function utf16In([a, b, c, d]: Uint8Array): string | undefined {
  if ((a === 0xff && b === 0xfe) || (a !== 0 && b === 0 && c !== 0 && d === 0)) return "utf-16le";
  return (a === 0xfe && b === 0xff) || (a === 0 && b !== 0 && c === 0 && d !== 0) ? "utf-16be" : undefined;
}
