// Where a page gets its settings, and leaves what came of them: the address is in its own.

const query = new URLSearchParams(globalThis.location?.search);
const at = (name) => `${query.get('desk')}/${name}/${query.get('run')}`;

export const settings = async () => (await fetch(at('settings'))).json();

export const report = (outcome) => fetch(at('report'), { method: 'POST', body: JSON.stringify(outcome) });
