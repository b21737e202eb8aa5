import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Failure } from '../../src/commands/failure.ts';
import type { BlockMethod } from '../../src/config/config.ts';
import type { ListedBlock, Opened } from '../../src/firewall/backend.ts';
import type { Lab } from './lab.ts';
import type { Host } from './lab-host.ts';
import type { LabProcess } from './lab-process.ts';

const HOUR_MS = 3_600_000;

/** A back end in its own process on a host of the lab. */
export class LabBackend {
  readonly process: LabProcess;
  #calls = 0;

  private constructor(process: LabProcess) {
    this.process = process;
  }

  /** Starts the process. The caller must call `open`. */
  static async start(lab: Lab, host: Host, method: BlockMethod): Promise<LabBackend> {
    const script = fileURLToPath(new URL('services/backend.mjs', import.meta.url));
    const process_ = await lab.start(host, [process.execPath, script, resolve('dist'), method]);
    await process_.waitForLine(/"listening"/);
    return new LabBackend(process_);
  }

  open(): Promise<Opened> {
    return this.#call('open') as Promise<Opened>;
  }

  /** Blocks all targets at once, for an hour by default; null is for ever. */
  block(targets: readonly string[], forMs: number | null = HOUR_MS): Promise<Failure[]> {
    return this.#call('block', targets, forMs) as Promise<Failure[]>;
  }

  release(targets: readonly string[]): Promise<Failure[]> {
    return this.#call('release', targets) as Promise<Failure[]>;
  }

  list(): Promise<ListedBlock[]> {
    return this.#call('list') as Promise<ListedBlock[]>;
  }

  /** The blocked targets, sorted. */
  async targets(): Promise<string[]> {
    return (await this.list()).map(({ target }) => target).sort();
  }

  spare(prefixes: readonly string[]): Promise<Failure> {
    return this.#call('spare', prefixes) as Promise<Failure>;
  }

  close(blocks: 'keep' | 'release'): Promise<void> {
    return this.#call('close', blocks) as Promise<void>;
  }

  /** The process id of the program that it keeps open, as the host sees it. */
  pid(): Promise<number | undefined> {
    return this.#call('pid') as Promise<number | undefined>;
  }

  /** Its events: that blocks were lost, or what went wrong at the end. */
  events(): string[] {
    return this.process.lines().filter((line) => line.startsWith('{"event"') && !line.includes('listening'));
  }

  async #call(verb: string, ...args: unknown[]): Promise<unknown> {
    const id = ++this.#calls;
    this.process.write(`${JSON.stringify({ id, verb, args })}\n`);
    const answer = JSON.parse(await this.process.waitForLine(new RegExp(`^\\{"id":${id}[,}]`), 60_000));
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result;
  }
}

/** Runs a shell script on a host, and resolves to its output. Rejects when a command fails. */
export async function shell(lab: Lab, host: Host, script: string): Promise<string> {
  const { code, stdout, stderr } = await lab.run(host, ['sh', '-ec', script]);
  if (code !== 0) throw new Error(`${script}: exit status ${code}: ${stderr}`);
  return stdout;
}

/** Makes `iptables` on a host the legacy one, which does not use nftables; false where that is not installed. */
export async function useLegacyIptables(lab: Lab, host: Host): Promise<boolean> {
  if (!existsSync('/usr/sbin/iptables-legacy') || !existsSync('/etc/alternatives/iptables')) return false;
  const names = ['iptables', 'iptables-save', 'iptables-restore'].flatMap((name) => [
    name,
    name.replace('ip', 'ip6'),
  ]);
  const link = (name: string) =>
    `ln -sf /usr/sbin/${name.replace('tables', 'tables-legacy')} /etc/alternatives/${name}`;
  await shell(lab, host, names.map(link).join('\n'));
  return true;
}

/** Whether a TCP echo service answers within half a second. */
export async function reaches(lab: Lab, from: Host, address: string, port: number): Promise<boolean> {
  const script = `exec 3<>/dev/tcp/${address}/${port} && echo hello >&3 && head -1 <&3`;
  const { code } = await lab.run(from, ['timeout', '0.5', 'bash', '-c', script]);
  return code === 0;
}
