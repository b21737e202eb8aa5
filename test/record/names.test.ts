import { spawnSync } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { askResolver, cleanName, Names } from '../../src/record/names.ts';
import { NOON } from './given.ts';

/** A resolver that answers when the test says so. */
class Resolver {
  readonly asked: string[] = [];
  readonly #answers = new Map<string, { resolve(name: string): void; reject(error: Error): void }>();

  readonly lookup = (address: string): Promise<string> => {
    this.asked.push(address);
    return new Promise((resolve, reject) => this.#answers.set(address, { resolve, reject }));
  };

  async answer(address: string, name: string): Promise<void> {
    this.#answers.get(address)?.resolve(name);
    await nextTurn();
  }

  async fail(address: string): Promise<void> {
    this.#answers.get(address)?.reject(new Error('ENOTFOUND'));
    await nextTurn();
  }
}

function given() {
  const resolver = new Resolver();
  const names = new Names(resolver.lookup);
  const lines: string[] = [];
  const say = (address: string, text: string, now = NOON) =>
    names.withName(address, now, (name) => lines.push(`${text} ${name}`));
  return { resolver, names, lines, say };
}

describe('a line', () => {
  test('waits for its name, and the lines of one source keep their order', async () => {
    const { resolver, lines, say } = given();
    say('10.0.0.1', 'first');
    say('10.0.0.1', 'second');
    expect(lines).toEqual([]);
    await resolver.answer('10.0.0.1', 'scanner.example');
    say('10.0.0.1', 'third');
    expect(lines).toEqual(['first scanner.example', 'second scanner.example', 'third scanner.example']);
    expect(resolver.asked).toEqual(['10.0.0.1']);
  });

  test('has the address when there is no name, and asks again after a minute', async () => {
    const { resolver, lines, say } = given();
    say('10.0.0.1', 'first');
    await resolver.fail('10.0.0.1');
    say('10.0.0.1', 'second', NOON + 59_999);
    expect(lines).toEqual(['first 10.0.0.1', 'second 10.0.0.1']);
    say('10.0.0.1', 'third', NOON + 60_000);
    expect(resolver.asked).toEqual(['10.0.0.1', '10.0.0.1']);
  });

  test('has the address after three seconds; a late answer serves the next line', async () => {
    const { resolver, names, lines, say } = given();
    say('10.0.0.1', 'first');
    names.tick(NOON + 2_999);
    expect(lines).toEqual([]);
    names.tick(NOON + 3_000);
    expect(lines).toEqual(['first 10.0.0.1']);
    await resolver.answer('10.0.0.1', 'scanner.example');
    say('10.0.0.1', 'second', NOON + 4_000);
    expect(lines).toEqual(['first 10.0.0.1', 'second scanner.example']);
  });

  test('has the address at the end', () => {
    const { names, lines, say } = given();
    say('10.0.0.1', 'first');
    names.close();
    say('10.0.0.2', 'second');
    expect(lines).toEqual(['first 10.0.0.1', 'second 10.0.0.2']);
  });
});

describe('bounded:', () => {
  test('two lookups at a time, the others wait their turn', async () => {
    const { resolver, say } = given();
    for (const host of [1, 2, 3]) say(`10.0.0.${host}`, 'line');
    expect(resolver.asked).toEqual(['10.0.0.1', '10.0.0.2']);
    await resolver.answer('10.0.0.2', 'two.example');
    expect(resolver.asked).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  });

  test('a lookup that hangs keeps its place after its line was written', () => {
    const { resolver, names, say } = given();
    for (const host of [1, 2]) say(`10.0.0.${host}`, 'line');
    names.tick(NOON + 3_000);
    say('10.0.0.3', 'line', NOON + 3_000);
    expect(resolver.asked).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  test('256 of many sources wait, and the rest have their address', () => {
    const { lines, say } = given();
    for (let host = 0; host < 1_000; host++) say(`10.0.${host >> 8}.${host & 255}`, 'line');
    expect(lines).toHaveLength(1_000 - 256);
    expect(lines[0]).toBe('line 10.0.1.0');
  });

  test('64 lines of one source wait, then all are written', () => {
    const { lines, say } = given();
    for (let count = 1; count < 64; count++) say('10.0.0.1', `${count}`);
    expect(lines).toEqual([]);
    say('10.0.0.1', '64');
    expect(lines).toHaveLength(64);
    expect(lines[0]).toBe('1 10.0.0.1');
    expect(lines[63]).toBe('64 10.0.0.1');
  });
});

test('the real resolver knows what this host knows', async () => {
  const { status, stdout } = spawnSync('getent', ['hosts', '127.0.0.1'], { encoding: 'utf8' });
  const known = status === 0 ? stdout.trim().split(/\s+/)[1] : '127.0.0.1';
  const name = await new Promise<string>((resolve) => new Names().withName('127.0.0.1', NOON, resolve));
  expect(name).toBe(known);
});

test.each([
  ['scanner.example', 'scanner.example'],
  ['scanner.example.', 'scanner.example'],
  ['a_b-c.D9', 'a_b-c.D9'],
  ['x/10.0.0.9 Port 1 TCP Blocked\n', 'x_10.0.0.9_Port_1_TCP_Blocked_'],
  ['$(reboot)', '__reboot_'],
  ['\u001b[2J', '__2J'],
  ['n'.repeat(300), 'n'.repeat(255)],
])('%j becomes %j', (answer, name) => {
  expect(cleanName(answer)).toBe(name);
});

describe('fault 30: a name counts only if it leads back to its address', () => {
  const resolver = (name: string, ...addresses: string[]) => ({
    nameOf: () => Promise.resolve(name),
    addressesOf: () => Promise.resolve(addresses),
  });

  test.each([
    ['to it', '192.0.2.1', ['192.0.2.1']],
    ['to it among others', '2001:db8::1', ['192.0.2.1', '2001:db8:0::1']],
    ['to it with a zone', 'fe80::1', ['fe80::1%eth0']],
  ])('%s', async (_what, address, found) => {
    expect(await askResolver(address, resolver('scanner.example', ...found))).toBe('scanner.example');
  });

  test.each([
    ['to another address', 'bank.example', ['192.0.2.2']],
    ['nowhere', 'nowhere.example', []],
    ['to it, but looks like another address', '0x7f.1', ['192.0.2.1']],
  ])('not one that leads %s', async (_what, name, found) => {
    await expect(askResolver('192.0.2.1', resolver(name, ...found))).rejects.toThrow();
  });
});

test.each([
  '',
  '.',
  '8.8.8.8',
  '8.8.8.8.',
  '2001:db8::1',
  'a:b.example',
  '0x7f.1',
  '127.1',
  '2130706433',
  '0177.0.0.1',
  '0X7F000001',
  '127.0.0.0x1',
  'host.0x',
  'host.123..',
])('fault 30: %j is no name', (answer) => {
  expect(cleanName(answer)).toBeNull();
});
