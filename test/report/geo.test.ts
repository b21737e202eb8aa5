import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openOrigins } from '../../src/report/geo.ts';
import { geoFiles } from '../support/event-week.ts';
import { mmdb } from '../support/mmdb.ts';

let folder: string;
let told: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'geo-'));
  told = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(files: Readonly<Record<string, Buffer>>): void {
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
}

const open = (path: string | null, usual: readonly string[] = []) =>
  openOrigins(path, (text) => told.push(text.replaceAll(folder, '')), usual);

const JAPAN = { country: 'JP', countryName: 'Japan', asn: 64_504, operator: 'Example University' };
const NOTHING = { country: null, countryName: null, asn: null, operator: null };

test.each([
  ['192.0.2.7', JAPAN],
  ['192.0.2.0/24', JAPAN],
  ['2001:db8:7::1', { country: 'FR', countryName: 'France', asn: 64_505, operator: 'Exemple SA' }],
  ['198.19.200.1', { country: 'BR', countryName: 'Brazil', asn: 64_502, operator: 'Exemplo Telecom' }],
  ['203.0.113.1', NOTHING],
  ['2001:db9::1', NOTHING],
  ['no address', NOTHING],
])('%s', async (target, origin) => {
  put(geoFiles());
  expect((await open(folder)).originOf(target)).toEqual(origin);
});

test('the usual folders are looked into, and without a database there is no complaint', async () => {
  expect((await open(null, [folder, '/nonexistent'])).paths).toEqual([]);
  put(geoFiles());
  expect((await open(null, ['/nonexistent', folder])).originOf('192.0.2.1')).toEqual(JAPAN);
  expect(told).toEqual([]);
});

test("IPinfo's and DB-IP's names of fields are known", async () => {
  put({
    'ipinfo_lite.mmdb': mmdb('ipinfo ipinfo_lite.mmdb', {
      '192.0.2.0/24': { country: 'Japan', country_code: 'JP', asn: 'AS64504', as_name: 'Example University' },
    }),
  });
  expect((await open(folder)).originOf('192.0.2.1')).toEqual(JAPAN);
});

test('a database of IPv4 alone knows no IPv6 address', async () => {
  put({ 'x-country.mmdb': mmdb('X-Country', { '0.0.0.0/1': { country: { iso_code: 'JP' } } }, 4) });
  const origins = await open(folder);
  expect(origins.originOf('10.0.0.1').country).toBe('JP');
  expect(origins.originOf('2001:db8::1').country).toBeNull();
});

const whole = mmdb('Test-Country', { '192.0.2.0/24': { country: { iso_code: 'JP' } } });

test.each<[name: string, bytes: Buffer]>([
  ['an empty file', Buffer.alloc(0)],
  ['text', Buffer.from('no database')],
  ['a file that is cut off', whole.subarray(0, whole.length - 20)],
  ['a tree that is longer than the file', Buffer.concat([Buffer.alloc(20), whole.subarray(-120)])],
])('%s is named once, and is no end', async (_, bytes) => {
  put({ 'broken-country.mmdb': bytes });
  const origins = await open(join(folder, 'broken-country.mmdb'));
  expect(origins.originOf('192.0.2.1')).toEqual(NOTHING);
  expect(origins.originOf('2001:db8::1')).toEqual(NOTHING);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^\/broken-country\.mmdb: (cannot be used|is damaged)/);
});

test('each damaged octet of a database leads to no exception', async () => {
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] as number) ^ 0xff;
    writeFileSync(join(folder, 'x-country.mmdb'), damaged);
    (await open(folder)).originOf('192.0.2.1');
  }
});

test.each([
  ['/nonexistent.mmdb', 'GEOIP_DB: /nonexistent.mmdb: no such file or directory'],
  ['', 'GEOIP_DB: : the folder has no file that ends in .mmdb'],
  ['/x.mmdb', '/x.mmdb: cannot be used as a database of countries: a folder, not a file'],
])('what GEOIP_DB names wrongly is said: %s', async (name, message) => {
  if (name === '/x.mmdb') mkdirSync(join(folder, 'sub/x.mmdb'), { recursive: true });
  await open(name === '/nonexistent.mmdb' ? name : join(folder, name === '' ? '' : 'sub'));
  expect(told.map((text) => text.replace('/sub', '').replace(/: :/, ': :'))).toEqual([
    name === '' ? 'GEOIP_DB: : the folder has no file that ends in .mmdb' : message,
  ]);
});
