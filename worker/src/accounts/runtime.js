// The runtime's side of the write side.

export function query(sql, text, values) {
  return JSON.stringify(sql.exec(text, ...JSON.parse(values)).toArray());
}

export function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function answer(status, body, headers) {
  return new Response(body, { status, headers: JSON.parse(headers) });
}
