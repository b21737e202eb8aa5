import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onEnd, refusalOf, runTool, startTool, type Tool } from '../../commands/tool.ts';
import { programPath } from '../../files/program.ts';
import { drawAddressPair } from './addresses.ts';
import type { ProbeOutcome, ProbePath, ProbePort } from './probe-path.ts';

const IP: Tool = { command: 'ip', package: 'iproute2' };
const UNSHARE: Tool = { command: 'unshare', package: 'util-linux', needs: ['CAP_SYS_ADMIN'] };
const NSENTER: Tool = { command: 'nsenter', package: 'util-linux', needs: ['CAP_SYS_ADMIN'] };

/** The time limits for the prober to start and to exit. */
const START_TIMEOUT_MS = 5_000;
const EXIT_TIMEOUT_MS = 1_000;

/** One probe that the prober is asked for, and what came back to it. */
export type NumberedPort = ProbePort & { readonly number: number };
export interface NumberedOutcome {
  readonly number: number;
  readonly outcome: ProbeOutcome;
}

/**
 * Opens a veth pair into a new network namespace. Packets from there take the same path as packets from outside. Needs
 * root. Rejects with an error of one line when the host cannot do it; nothing is left then.
 */
export async function openVeth(): Promise<ProbePath> {
  const pair = drawAddressPair();
  if (pair === null) throw new Error('no free network in 198.18.0.0/15');
  const [near, far] = pair;
  const device = `psd${process.pid}`;
  const prober = await startProber(far, near);
  try {
    await link(prober, device, near, far);
  } catch (error) {
    await endProber(prober);
    throw error;
  }
  return {
    name: 'a veth pair',
    source: far,
    device,
    send: senderOf(prober),
    // A capture process dies when a device that it has open is deleted (native-notes/cap.md).
    retire: async () => {
      await runTool(IP, ['address', 'flush', 'dev', device]);
    },
    close: async () => {
      // The kernel would do it too, but some time after the namespace ends.
      await runTool(IP, ['link', 'delete', device]);
      await endProber(prober);
    },
  };
}

/** Resolves when the namespace exists. */
async function startProber(source: string, destination: string): Promise<ChildProcess> {
  const prober = startTool(UNSHARE, ['--net', process.execPath, programPath('prober'), source, destination]);
  if (typeof prober === 'string') throw new Error(prober);
  let errors = '';
  prober.stderr?.on('data', (text) => {
    errors += text;
  });
  const timer = setTimeout(() => prober.kill('SIGKILL'), START_TIMEOUT_MS);
  await new Promise<void>((resolve, reject) => {
    prober.stdout?.once('data', () => resolve());
    onEnd(UNSHARE, prober, 'close', (why) => {
      const message = errors.trim().split('\n')[0] || String(why);
      const refusal = refusalOf(UNSHARE, message);
      reject(new Error(refusal === null ? message : `unshare: ${refusal}`));
    });
  }).finally(() => clearTimeout(timer));
  return prober;
}

/** Asks the prober for probes. What it does not answer, because it has ended, counts as silent. */
function senderOf(prober: ChildProcess): ProbePath['send'] {
  const waiting = new Map<number, (outcome: ProbeOutcome) => void>();
  let last = 0;
  if (prober.stdout !== null) {
    createInterface({ input: prober.stdout }).on('line', (line) => {
      const { number, outcome } = JSON.parse(line) as NumberedOutcome;
      waiting.get(number)?.(outcome);
      waiting.delete(number);
    });
  }
  prober.once('exit', () => {
    for (const resolve of waiting.values()) resolve('silent');
  });
  return (port) =>
    new Promise((resolve) => {
      const number = ++last;
      waiting.set(number, resolve);
      prober.stdin?.write(`${JSON.stringify({ number, ...port } satisfies NumberedPort)}\n`);
    });
}

/** Connects this namespace and the prober's with a veth pair. Both ends have the same name. */
async function link(prober: ChildProcess, device: string, near: string, far: string): Promise<void> {
  const namespace = String(prober.pid);
  const inside = ['--target', namespace, '--net', 'ip'];
  await run(IP, ['link', 'add', device, 'type', 'veth', 'peer', 'name', device, 'netns', namespace]);
  // With no link-local address, none remains when the path is retired. A kernel without IPv6 lacks this mode.
  await runTool(IP, ['link', 'set', 'dev', device, 'addrgenmode', 'none']);
  await run(IP, ['address', 'add', `${near}/31`, 'dev', device]);
  await run(IP, ['link', 'set', 'dev', device, 'up']);
  await run(NSENTER, [...inside, 'address', 'add', `${far}/31`, 'dev', device]);
  await run(NSENTER, [...inside, 'link', 'set', 'dev', device, 'up']);
}

async function run(tool: Tool, args: readonly string[]): Promise<void> {
  const { failure } = await runTool(tool, args);
  if (failure !== null) throw new Error(failure);
}

/** The kernel removes the namespace and the pair when the prober exits. */
async function endProber(prober: ChildProcess): Promise<void> {
  if (prober.exitCode !== null || prober.signalCode !== null) return;
  const exited = once(prober, 'exit');
  prober.stdin?.end();
  const timer = setTimeout(() => prober.kill('SIGKILL'), EXIT_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}
