// Files of a folder, as they would be served.

import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { createBrotliDecompress, createGunzip } from 'node:zlib';

/** The paths of all files below a folder, but for what `isLeftOut` names. Links are not followed. */
export async function* filesBelow(folder, isLeftOut = () => false) {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && !isLeftOut(entry.name)) yield* filesBelow(file, isLeftOut);
    if (entry.isFile()) yield file;
  }
}

/** What a file holds, in pieces; of one that was compressed ahead, what a browser makes of it. */
export function contents(file) {
  const decompress = DECOMPRESS[path.extname(file)]?.();
  const pieces = createReadStream(file);
  return decompress ? pieces.on('error', (error) => decompress.destroy(error)).pipe(decompress) : pieces;
}

const DECOMPRESS = { '.gz': createGunzip, '.br': createBrotliDecompress };
