import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveLinkType, loadBinding } from '../../src/capture/live.ts';

const NATIVE = 'build/Release/cap.node';

/** A copy of the binding, which a test may damage; `module` is the module that loads it. */
let folder: string;
let native: string;
let module: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-binding-'));
  const copy = join(folder, 'node_modules/cap');
  for (const part of ['package.json', 'lib']) {
    cpSync(join('node_modules/cap', part), join(copy, part), { recursive: true });
  }
  native = join(copy, NATIVE);
  module = join(folder, 'module.js');
  mkdirSync(dirname(native), { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Writes the native part with one text replaced by another of the same length. */
function writeNative(text = '', other = ''): void {
  const built = readFileSync(join('node_modules/cap', NATIVE)).toString('latin1');
  expect(built).toContain(text);
  writeFileSync(native, built.replaceAll(text, other), 'latin1');
}

test('a complete binding is loaded', () => {
  writeNative();
  expect(loadBinding(module).Cap).toBeTypeOf('function');
});

test('a binding without its native part, as after npm ci --ignore-scripts, is an error', () => {
  expect(() => loadBinding(module)).toThrow(/^cap is not built: run npm run build:cap$/);
});

test('a missing libpcap is an error', () => {
  writeNative('libpcap.so', 'libpcap.no');
  expect(() => loadBinding(module)).toThrow(/^cap finds no libpcap: install libpcap0\.8$/);
});

test('a damaged binding is an error', () => {
  writeFileSync(native, 'no ELF file at all');
  expect(() => loadBinding(module)).toThrow(/^cap cannot be loaded: .*cap\.node: /);
});

test.each<[string, number | string]>([
  ['ETHERNET', 1],
  ['NULL', 0],
  ['RAW', 101],
  ['LINKTYPE_LINUX_SLL', 113],
  ['Unknown linktype 9', 9],
  ['Unknown linktype 12', 101],
  ['Unknown linktype 228', 228],
  ['Unknown linktype 239', 239],
  ['Unknown linktype 276', 276],
  ['Unknown linktype 253', 'NETLINK'],
  ['Unknown linktype 147', '147'],
  ['IEEE802_11_RADIO', 'IEEE802_11_RADIO'],
])('the name %s of the binding is link type %s', (name, linkType) => {
  expect(liveLinkType(name)).toBe(linkType);
});
