// An object's database as text, and back.

import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The databases below a folder by their path: for each the statements that make it anew. The runtime's own tables are left out. */
export function dumpAll(disk) {
  const files = readdirSync(disk, { recursive: true }).filter((name) => name.endsWith('.sqlite'));
  const dumps = files.sort().map((file) => [file, dump(path.join(disk, file))]);
  return Object.fromEntries(dumps.filter(([, statements]) => statements.length > 0));
}

export function restoreAll(disk, databases) {
  for (const [file, statements] of Object.entries(databases)) {
    mkdirSync(path.dirname(path.join(disk, file)), { recursive: true });
    const database = new DatabaseSync(path.join(disk, file));
    for (const statement of statements) database.exec(statement);
    database.close();
  }
}

function dump(file) {
  const database = new DatabaseSync(file);
  try {
    const made = database.prepare("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'trigger'").all()
      .filter(({ name }) => !/^(_cf_|sqlite_)/.test(name));
    const rows = made.filter(({ type }) => type === 'table').flatMap(({ name }) =>
      database.prepare(`SELECT * FROM ${name}`).all().map((row) =>
        `INSERT INTO ${name} (${Object.keys(row)}) VALUES (${Object.values(row).map(literal)})`));
    return [...made.map(({ sql }) => sql.replace(/\s+/g, ' ')), ...rows];
  } finally {
    database.close();
  }
}

function literal(value) {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}
