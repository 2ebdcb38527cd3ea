/**
 * The bytes of a text. The 93 printable characters but `"` and `\` are digits: a digit below 90 is a byte by itself, one of those
 * that WebAssembly has most, and with the three others it takes two. Compressed it is a quarter smaller than base64.
 */
export function decoded(text) {
  const bytes = [];
  let page;
  for (const char of text) {
    const code = char.charCodeAt();
    const digit = code - 32 - (code > 34) - (code > 92);
    if (page !== undefined) {
      bytes.push(page + digit);
      page = undefined;
    } else if (digit < 90) bytes.push(digit < 80 ? digit : digit + 26);
    else page = (digit - 90) * 93;
  }
  return new Uint8Array(bytes);
}
