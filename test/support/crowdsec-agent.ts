import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const SCRIPT = resolve('test/support/crowdsec-agent.sh');

/** An alert of crowdsec, as cscli prints it. */
interface Alert {
  readonly scenario: string;
  readonly source: { readonly ip: string };
  readonly decisions: readonly { readonly type: string }[] | null;
}

/**
 * The sources that the real agent of crowdsec bans for these events, each with the scenario, in order. `type` is the type of
 * the file: `portsentry` for our own parser, `suricata-evelogs` for crowdsec's stock one.
 */
export async function bannedBy(events: string, type: 'portsentry' | 'suricata-evelogs'): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-crowdsec-'));
  try {
    const words = ['--net', '--kill-child', SCRIPT, folder, resolve(events), type];
    const { stdout } = await promisify(execFile)('unshare', words, { maxBuffer: 64 * 1024 * 1024 });
    const alerts = (JSON.parse(stdout) ?? []) as Alert[];
    return alerts
      .filter(({ decisions }) => decisions?.some(({ type: what }) => what === 'ban'))
      .map(({ scenario, source }) => `${source.ip} ${scenario}`)
      .sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
