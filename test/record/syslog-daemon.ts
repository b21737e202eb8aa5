import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** Node has no Unix datagram sockets, so the daemon is a few lines of Python. */
const SCRIPT = `
import json, os, socket, sys
path = sys.argv[1]
if os.path.exists(path): os.unlink(path)
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(path)
print('ready', flush=True)
if sys.argv[2] == 'deaf': sys.stdin.read()
while True: print(json.dumps(receiver.recv(65536).decode()), flush=True)
`;

/** Receives datagrams on a socket, as syslogd does on /dev/log. */
export class SyslogDaemon {
  /** The datagrams so far. */
  readonly received: string[] = [];
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Listens on `path`. A `deaf` daemon has the socket and reads nothing from it. */
  static async start(path: string, hearing: 'hears' | 'deaf' = 'hears'): Promise<SyslogDaemon> {
    const process = spawn('python3', ['-c', SCRIPT, path, hearing], { stdio: ['pipe', 'pipe', 'inherit'] });
    const daemon = new SyslogDaemon(process);
    onTestFinished(() => daemon.stop());
    const lines = createInterface({ input: process.stdout });
    // Listen from the first line on, because datagrams that waited may come in one piece with it.
    await new Promise<void>((ready) => {
      lines.once('line', () => {
        lines.on('line', (line) => daemon.received.push(JSON.parse(line)));
        ready();
      });
    });
    return daemon;
  }

  /** Kills it, as a crash would; the file of its socket stays. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}
