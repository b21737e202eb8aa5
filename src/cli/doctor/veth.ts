import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onEnd, runTool, startTool, type Tool } from '../../commands/tool.ts';
import { drawAddressPair } from './addresses.ts';
import type { ProbePath } from './probe-path.ts';

const IP: Tool = { command: 'ip', package: 'iproute2' };
const UNSHARE: Tool = { command: 'unshare', package: 'util-linux' };
const NSENTER: Tool = { command: 'nsenter', package: 'util-linux' };

/** How long (ms) the far end may take to start, and to end by itself. */
const START_TIME = 5_000;
const END_TIME = 1_000;

/**
 * A veth pair into a network namespace that is made for it: what comes over it comes from outside, by the way of
 * every packet. Needs root. Rejects with one line when this host cannot; then nothing is left.
 */
export async function openVeth(): Promise<ProbePath> {
  const pair = drawAddressPair();
  if (pair === null) throw new Error('this host is in every network of 198.18.0.0/15');
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
    name: 'a veth of its own',
    source: far,
    device,
    send: (port) => {
      prober.stdin?.write(`${JSON.stringify(port)}\n`);
    },
    // A capture process that still has a device open when it is deleted dies of that (native-notes/cap.md).
    retire: async () => {
      await runTool(IP, ['address', 'flush', 'dev', device]);
    },
    close: async () => {
      // The kernel would do it, some time after the end of the namespace.
      await runTool(IP, ['link', 'delete', device]);
      await endProber(prober);
    },
  };
}

/** Resolves when its namespace is there. */
async function startProber(source: string, destination: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./prober.js', import.meta.url));
  const prober = startTool(UNSHARE, ['--net', process.execPath, program, source, destination]);
  if (typeof prober === 'string') throw new Error(prober);
  let complaint = '';
  prober.stderr?.on('data', (text) => {
    complaint += text;
  });
  const timer = setTimeout(() => prober.kill('SIGKILL'), START_TIME);
  await new Promise<void>((resolve, reject) => {
    prober.stdout?.once('data', () => resolve());
    onEnd(UNSHARE, prober, 'close', (why) =>
      reject(new Error(complaint.trim().split('\n')[0] || String(why))),
    );
  }).finally(() => clearTimeout(timer));
  return prober;
}

/** Joins this namespace and the prober's by a pair whose ends have one name. */
async function link(prober: ChildProcess, device: string, near: string, far: string): Promise<void> {
  const namespace = String(prober.pid);
  const within = ['--target', namespace, '--net', 'ip'];
  await run(IP, ['link', 'add', device, 'type', 'veth', 'peer', 'name', device, 'netns', namespace]);
  // Without a link-local address it has none left when it is retired; a kernel without IPv6 knows no such mode.
  await runTool(IP, ['link', 'set', 'dev', device, 'addrgenmode', 'none']);
  await run(IP, ['address', 'add', `${near}/31`, 'dev', device]);
  await run(IP, ['link', 'set', 'dev', device, 'up']);
  await run(NSENTER, [...within, 'address', 'add', `${far}/31`, 'dev', device]);
  await run(NSENTER, [...within, 'link', 'set', 'dev', device, 'up']);
}

async function run(tool: Tool, args: readonly string[]): Promise<void> {
  const { failure } = await runTool(tool, args);
  if (failure !== null) throw new Error(failure);
}

/** Its namespace goes with it, and the pair with that. */
async function endProber(prober: ChildProcess): Promise<void> {
  if (prober.exitCode !== null || prober.signalCode !== null) return;
  const gone = once(prober, 'exit');
  prober.stdin?.end();
  const timer = setTimeout(() => prober.kill('SIGKILL'), END_TIME);
  await gone;
  clearTimeout(timer);
}
