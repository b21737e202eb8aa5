import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type { LedgerEntry } from '../../src/ledger/entry.ts';
import { LEDGER_FILE, Ledger } from '../../src/ledger/ledger.ts';
import type { BlockMemory } from '../../src/ledger/memory.ts';
import { testFolder } from '../respond/given.ts';

/** 2026-11-22 13:33:37 UTC. */
export const NOON = 1_795_354_417_000;

/** In ms. */
export const DAY_MS = 86_400_000;

/** A boot identity. */
export const BOOT = 'boot-1 4026531840 1';

/** A folder and its ledger, which tests close and reopen. */
export class Given {
  readonly folder: string;
  readonly told: string[] = [];
  ledger!: Ledger;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Opens the ledger of this folder, or of a new one. */
  static async open(folder = testFolder()): Promise<Given> {
    const given = new Given(folder);
    await given.open();
    onTestFinished(() => given.ledger.close());
    return given;
  }

  get path(): string {
    return join(this.folder, LEDGER_FILE);
  }

  /** The whole lines of the file. */
  get lines(): string[] {
    return readFileSync(this.path, 'utf8').split('\n').slice(0, -1);
  }

  async open(now = NOON): Promise<void> {
    this.ledger = await Ledger.open(this.folder, { now, tell: (text) => this.told.push(text) });
  }

  async reopen(now = NOON): Promise<void> {
    await this.ledger.close();
    await this.open(now);
  }
}

/** The entries sorted by target, so that two memories can be compared. */
export function known(memory: BlockMemory): LedgerEntry[] {
  return [...memory.entries.values()].sort((a, b) => (a.block.target < b.block.target ? -1 : 1));
}

/** A line with a valid checksum, whatever its content. */
export function signed(json: string, version = 'v1'): string {
  return `${version} ${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}
