// The KV service: the records of the bench's keys, in memory, behind the protocol of workerd's `kvNamespace`.
import digests from './digests.bin';

const bytes = new Uint8Array(digests);
const records = new Map();
for (let index = 0; index * 32 < bytes.length; index += 1) {
  records.set(`key:v1:${bytes.subarray(index * 32, index * 32 + 32).toHex()}`, index);
}

export default {
  fetch(request) {
    const { url } = request;
    const index = records.get(decodeURIComponent(url.slice(url.indexOf('/', 8) + 1, url.indexOf('?'))));
    if (index === undefined) return new Response(null, { status: 404 });
    // The first is the hot publishable key; every other is a secret one.
    const kind = index === 0 ? 'publishable' : 'secret';
    return new Response(
      `{"v":1,"id":"key_${String(index).padStart(8, '0')}","account":"acct_${index >> 2}","kind":"${kind}","mode":"live",` +
        '"created_at":1760000000,"scopes":["payment_sessions","charges"],"label":"shop"}',
    );
  },
};
