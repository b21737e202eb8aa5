import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeCause } from '../../src/cli/describe-cause.ts';
import { jsonLine } from '../../src/cli/json.ts';
import { renderBlocks, runList } from '../../src/cli/list.ts';
import { BLOCK, NOW } from '../control/given.ts';
import { runWith } from './given.ts';

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const MANUAL = { ...BLOCK, kind: 'manual', port: 0, connects: 0 } as const;

const BLOCKS = [
  BLOCK,
  {
    ...BLOCK,
    target: '2001:db8:1:2::/64',
    until: null,
    times: 12,
    method: 'ipset',
    kind: 'udp',
    transport: 'udp',
    port: 161,
    inForce: false,
  },
  { ...MANUAL, target: '10.0.0.0/8', until: NOW + 750_000, note: 'the lab\u001b[2J next door' },
  { ...MANUAL, target: '10.1.0.0/16', until: null, times: 0, method: 'command', inForce: null, undo: null },
] as const;

const TABLE = `\
TARGET             SINCE             ENDS            TIMES  METHOD    IN FORCE  WHY
10.99.0.1          2026-11-22 13:23  in 3 h 12 min   1      nftables  yes       TCP SYN/Normal scan, port 111
2001:db8:1:2::/64  2026-11-22 13:23  never           12     ipset     no        UDP scan, port 161
10.0.0.0/8         2026-11-22 13:23  in 12 min 30 s  1      nftables  yes       by hand: the lab?[2J next door
10.1.0.0/16        2026-11-22 13:23  by hand         -      command   unknown   by hand
`;

test('the table', () => {
  expect(renderBlocks(BLOCKS, NOW)).toBe(TABLE);
  for (const line of TABLE.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
});

test('no blocks', () => {
  expect(renderBlocks([], NOW)).toBe('Nobody is blocked.\n');
});

test('more rows than a call takes arguments', () => {
  const blocks = Array<typeof BLOCK>(200_000).fill(BLOCK);
  expect(renderBlocks(blocks, NOW).split('\n')).toHaveLength(200_002);
});

test.each([
  [BLOCK, 'TCP SYN/Normal scan, port 111'],
  [{ ...BLOCK, kind: 'xmas' as const, port: 22 }, 'TCP XMAS scan, port 22'],
  [{ ...BLOCK, kind: 'odd' as const }, 'TCP scan with odd flags, port 111'],
  [{ ...BLOCK, kind: 'connect' as const }, 'Connect, port 111'],
  [MANUAL, 'by hand'],
])('the cause %#', (block, text) => {
  expect(describeCause(block)).toBe(text);
});

describe('portsentry list', () => {
  const blocks = () => BLOCKS;

  test('prints a table', async () => {
    const { exit, stdout } = await runWith({ blocks }, (options, output) =>
      runList({ ...options, list: undefined, json: false }, output),
    );
    expect(exit).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'TARGET',
      '10.99.0.1',
      '2001:db8:1:2::/64',
      '10.0.0.0/8',
      '10.1.0.0/16',
      '',
    ]);
  });

  test('--json prints one object on each line', async () => {
    const { exit, stdout } = await runWith({ blocks }, (options, output) =>
      runList({ ...options, list: undefined, json: true }, output),
    );
    expect(exit).toBe(0);
    expect(stdout).toBe(BLOCKS.map(jsonLine).join(''));
  });

  test('--json streams 100,000 blocks', async () => {
    const many = { blocks: () => Array<typeof BLOCK>(100_000).fill(BLOCK) };
    const { stdout, writes } = await runWith(many, (options, output) =>
      runList({ ...options, list: undefined, json: true }, output),
    );
    expect(stdout.split('\n')).toHaveLength(100_001);
    expect(Math.max(...writes)).toBeLessThan(100_000);
  });

  test('an error in the middle of the list keeps the blocks before it', async () => {
    const broken = {
      *blocks() {
        yield BLOCK;
        throw new Error('no more');
      },
    };
    const { exit, stdout, error } = await runWith(broken, (options, output) =>
      runList({ ...options, list: undefined, json: true }, output),
    );
    expect({ exit, stdout, error }).toEqual({
      exit: 70,
      stdout: jsonLine(BLOCK),
      error: 'internal error: no more',
    });
  });
});
