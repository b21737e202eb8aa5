import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemReason } from '../capture/file/input.ts';
import { readRegular } from '../files/read-regular.ts';
import { plainName } from './plain-name.ts';

/** Where geoipupdate and packages put their databases. */
export const USUAL_FOLDERS: readonly string[] = [
  '/var/lib/GeoIP',
  '/usr/local/share/GeoIP',
  '/usr/share/GeoIP',
  '/var/lib/crowdsec/data',
];

const ENDING = '.mmdb';

/** The whole file is in memory. That of all cities has 60 MB, and that of all countries 10. */
const MAX_BYTES = 268_435_456;

/** Databases that are asked: one for countries and one for networks, or one for both. */
const MAX_DATABASES = 2;

/** What a database knows of an address; null for what it does not. */
export interface Origin {
  /** The code of ISO 3166, such as `DE`, and its name. */
  readonly country: string | null;
  readonly countryName: string | null;
  /** The number of the autonomous system, and who runs it. */
  readonly asn: number | null;
  readonly operator: string | null;
}

/** Knows where addresses are. */
export interface Origins {
  /** The databases that are asked, as paths. */
  readonly paths: readonly string[];
  /** Where an address, or the first address of a prefix, is. Never throws. */
  originOf(target: string): Origin;
}

const UNKNOWN: Origin = { country: null, countryName: null, asn: null, operator: null };

/**
 * Opens GEOIP_DB, a file or a folder of files in MaxMind's format; null for what is found in the usual folders. `tell`
 * gets a line for each file that cannot be used, and nothing else happens then. Loads the reader only when there is a
 * file.
 */
export async function openOrigins(
  path: string | null,
  tell: (text: string) => void,
  usual = USUAL_FOLDERS,
): Promise<Origins> {
  const databases: Database[] = [];
  for (const file of candidates(path, tell, usual)) {
    if (databases.length >= MAX_DATABASES || databases.some(({ knows }) => knows === 'both')) break;
    try {
      const database = await openDatabase(file);
      if (!databases.some(({ knows }) => knows === database.knows)) databases.push(database);
    } catch (error) {
      tell(`${file}: cannot be used as a database of countries: ${systemReason(error)}`);
    }
  }
  return {
    paths: databases.map((database) => database.path),
    originOf: (target) => originOf(databases, target.replace(/\/.*$/, ''), tell),
  };
}

/** One file, and what its name says that it is about. */
interface Database {
  readonly path: string;
  readonly knows: 'countries' | 'networks' | 'both';
  readonly ipVersion: number;
  get(address: string): unknown;
  /** A look-up failed, so it is not asked again. */
  isBroken: boolean;
}

function candidates(path: string | null, tell: (text: string) => void, usual: readonly string[]): string[] {
  if (path === null) return usual.flatMap((folder) => filesIn(folder, () => {}));
  try {
    return statSync(path).isDirectory() ? filesIn(path, tell) : [path];
  } catch (error) {
    tell(`GEOIP_DB: ${path}: ${systemReason(error)}`);
    return [];
  }
}

function filesIn(folder: string, tell: (text: string) => void): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(ENDING));
    if (names.length === 0) tell(`GEOIP_DB: ${folder}: the folder has no file that ends in ${ENDING}`);
    return names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).map((name) => join(folder, name));
  } catch (error) {
    tell(`GEOIP_DB: ${folder}: ${systemReason(error)}`);
    return [];
  }
}

/** A database of cities also has countries, and takes more memory. */
function rank(name: string): number {
  if (/country|lite/i.test(name) && !/city|asn/i.test(name)) return 0;
  if (/asn|isp/i.test(name)) return 1;
  return /city/i.test(name) ? 2 : 3;
}

async function openDatabase(path: string): Promise<Database> {
  const bytes = readRegular(path, MAX_BYTES + 1);
  if (bytes.length > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES / 1_048_576} MiB`);
  const { openReader } = await import('./mmdb.ts');
  const reader = openReader(bytes);
  const { databaseType, ipVersion, nodeCount, searchTreeSize } = reader.metadata;
  if (!(nodeCount > 0 && searchTreeSize < bytes.length)) throw new Error('it is damaged');
  const type = String(databaseType);
  const knows = /asn|isp/i.test(type) ? 'networks' : /ipinfo.*lite/i.test(type) ? 'both' : 'countries';
  return { path, knows, ipVersion, get: (address) => reader.get(address), isBroken: false };
}

function originOf(databases: readonly Database[], address: string, tell: (text: string) => void): Origin {
  let origin = UNKNOWN;
  for (const database of databases) {
    // In a tree of IPv4 alone, an IPv6 address would lead to what its first bits mean there.
    if (database.isBroken || (database.ipVersion === 4 && address.includes(':'))) continue;
    try {
      origin = merge(origin, database.get(address));
    } catch (error) {
      database.isBroken = true;
      tell(`${database.path}: is damaged and no longer asked: ${systemReason(error)}`);
    }
  }
  return origin;
}

/** Takes the fields in the names of MaxMind, DB-IP and IPinfo. */
function merge(known: Origin, record: unknown): Origin {
  const fields = fieldsOf(record);
  const country = fieldsOf(fields.country ?? fields.registered_country);
  const names = fieldsOf(country.names);
  const code = textOf(country.iso_code) ?? textOf(fields.country_code) ?? codeIn(fields.country);
  const name = textOf(names.en) ?? (code === textOf(fields.country) ? null : textOf(fields.country));
  const asn = fields.autonomous_system_number ?? fields.asn;
  return {
    country: known.country ?? code?.toUpperCase() ?? null,
    countryName: known.countryName ?? name,
    asn: known.asn ?? numberIn(asn),
    operator:
      known.operator ??
      textOf(fields.autonomous_system_organization) ??
      textOf(fields.as_name) ??
      textOf(fields.name),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? plainName(value) : null;
}

function codeIn(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Za-z]{2}$/.test(value) ? value : null;
}

/** `64500` or `AS64500`. */
function numberIn(value: unknown): number | null {
  const number = Number(typeof value === 'string' ? value.replace(/^AS/i, '') : value);
  return Number.isInteger(number) && number > 0 && number < 2 ** 32 ? number : null;
}
