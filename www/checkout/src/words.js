/**
 * What the page says about each of the guard's refusals. The guard's own message stands below it: that
 * one tells a developer, this one anybody.
 */
export function refusalTitle(code) {
  return Object.hasOwn(TITLES, code) ? TITLES[code] : 'The guard refuses this';
}

const TITLES = {
  'secret-key': 'Secret key: never in a page',
  'malformed-key': 'Not an API key',
  checksum: 'Mistyped key',
  'wrong-mode': 'Key of the wrong mode',
  'wrong-environment': 'Key out of place',
  'invalid-options': 'This shop is set up wrongly',
  'invalid-path': 'Another address',
  'redirect-refused': 'A redirect was refused',
  timeout: 'No answer in time',
  'wasm-unavailable': 'The guard can’t start here',
};

/**
 * What the page says of something that the guard did.
 *
 * @param {import('keyguard').KeyGuardEvent} event
 * @returns {{tone: string, title: string, text?: string, rows: [string, unknown, string?][]}}
 */
export function eventWords(event) {
  return Object.hasOwn(EVENTS, event.type) ? EVENTS[event.type](event) : { tone: 'unsure', title: event.type, rows: [] };
}

const EVENTS = {
  request: ({ method, path, attempt, idempotencyKey, mode }) => {
    const name = [['Idempotency-Key', idempotencyKey, 'code']];
    if (attempt > 1) {
      const text = idempotencyKey ? 'Under the same Idempotency-Key, so that the API knows it for the same request.' : undefined;
      return { tone: 'again', title: `Sent again: try ${attempt}`, text, rows: name };
    }
    const text = 'With this shop’s publishable key, to its API alone, without cookies.';
    return { tone: 'sent', title: `Sent ${method} ${path}`, text, rows: [['Mode', mode], ...name] };
  },
  response: ({ status, requestId }) => ({
    tone: status < 400 ? 'good' : status === 429 || status === 503 ? 'unsure' : 'bad',
    title: `Answered ${status}`,
    text: status === 429 || status === 503 ? 'The API asks for patience.' : undefined,
    rows: [['Request id', requestId, 'code']],
  }),
  failure: ({ code }) => ({
    tone: 'offline',
    title: code === undefined ? 'The connection was lost' : refusalTitle(code),
    rows: [['Code', code, 'code']],
  }),
  retry: ({ delay }) => ({ tone: 'unsure', title: `Trying again in ${(delay / 1000).toFixed(1)} s`, rows: [] }),
  refusal: ({ code, message }) => ({
    tone: 'bad',
    title: refusalTitle(code),
    text: `Nothing was sent. ${message}`,
    rows: [['Code', code, 'code']],
  }),
  warning: ({ message }) => ({ tone: 'unsure', title: 'A key out of place', text: message, rows: [] }),
};
