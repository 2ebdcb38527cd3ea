/**
 * The bytes of a text in which printable characters stand for themselves, and the others are two characters:
 * a page of 91 (space or `!`) and a place in it. Compressed it is a fifth smaller than base64.
 */
export function decoded(text) {
  const bytes = [];
  let page;
  for (const char of text) {
    const code = char.charCodeAt();
    if (code < 35) {
      page = (code - 32) * 91;
    } else if (page === undefined) {
      bytes.push(code);
    } else {
      const place = page + code - (code > 92 ? 36 : 35);
      bytes.push(place < 35 ? place : place === 35 ? 92 : place + 91);
      page = undefined;
    }
  }
  return new Uint8Array(bytes);
}
