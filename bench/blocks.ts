/**
 * Measures the time from the call of `block` until the rule is in force, for each method, with more and more blocks in
 * force already; and the time to read a ledger of 100,000 blocks. In a network namespace; needs root.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BlockMethod } from '../src/config/config.ts';
import { defaultConfig } from '../src/config/load.ts';
import type { Block } from '../src/firewall/block.ts';
import { makeBackend } from '../src/firewall/choose.ts';
import { Ledger } from '../src/ledger/ledger.ts';
import { createLab } from '../test/support/lab.ts';
import { median } from './support/measure.ts';

/** How many blocks are in force already, and the methods that are measured with that many. */
const STANDING = [0, 10_000, 50_000];
const SETS: readonly BlockMethod[] = ['nftables', 'ipset'];
const LISTS: readonly BlockMethod[] = ['iptables', 'route', 'command'];
const RUNS = 101;
const LEDGER_ENTRIES = 100_000;

const [method, count] = process.argv.slice(2);
if (method === undefined) await measureAll();
else await measureOne(method as BlockMethod, Number(count));

async function measureAll(): Promise<void> {
  console.log(`ms from the call to the rule being in force, median of ${RUNS} (largest)`);
  for (const each of SETS) for (const standing of STANDING) await inNamespace(each, standing);
  for (const each of LISTS) await inNamespace(each, 0);
  await measureLedger();
}

/** Each method makes its rules in a separate namespace. */
async function inNamespace(name: BlockMethod, standing: number): Promise<void> {
  const lab = await createLab({ name: 'blocks' });
  try {
    const program = [process.execPath, fileURLToPath(import.meta.url), name, String(standing)];
    const { stdout, stderr } = await lab.run(lab.victim, program, { timeout: 120_000 });
    process.stdout.write(stdout + stderr);
  } finally {
    await lab.close();
  }
}

async function measureOne(name: BlockMethod, standing: number): Promise<void> {
  const config = { ...defaultConfig(), killRoute: 'iptables -I INPUT -s $TARGET$ -j DROP' };
  const backend = makeBackend(name, { config, now: Date.now, onLost: () => {} });
  await backend.open();
  await Promise.all(Array.from({ length: standing }, (_, index) => backend.block(blockOf(index))));
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    await turn();
    const begun = performance.now();
    const failure = await backend.block(blockOf(standing + run));
    times.push(performance.now() - begun);
    if (failure !== null) throw new Error(failure);
  }
  console.log(
    `  ${name}, ${standing} in force: ${median(times).toFixed(2)} (${Math.max(...times).toFixed(2)})`,
  );
  await backend.close('release');
}

async function measureLedger(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-bench-'));
  const open = () => Ledger.open(folder, { now: Date.now(), tell: console.log });
  try {
    const ledger = await open();
    for (let index = 0; index < LEDGER_ENTRIES; index++) {
      const block = blockOf(index);
      ledger.decide(block, 'nftables', 'boot');
      ledger.confirm(block.target, 'boot');
    }
    await ledger.close();
    const begun = performance.now();
    const again = await open();
    const ms = performance.now() - begun;
    console.log(`a ledger of ${again.entries.size} entries, read in ${ms.toFixed(0)} ms`);
    await again.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function blockOf(index: number): Block {
  const target = `11.${index >> 16}.${(index >> 8) & 0xff}.${index & 0xff}`;
  const cause = { mode: 'atcp', kind: 'syn', transport: 'tcp', destinationPort: 111 } as const;
  const since = Date.now();
  return {
    target,
    family: 4,
    since,
    until: since + 86_400_000,
    cause: { ...cause, connects: 1, note: null },
  };
}
