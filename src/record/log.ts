import { once } from 'node:events';
import { Writable } from 'node:stream';
import { oneLine } from './one-line.ts';
import type { Syslog } from './syslog.ts';

/** The log that people and programs read: lines of text. */
export interface Log {
  line(text: string): void;
  /** Resolves when every line has gone where it should, or cannot. Lines that come later are dropped. */
  close(): Promise<void>;
}

/** Where the lines go; null for nowhere. */
export interface LogOptions {
  /** Gets the bare lines: systemd, containers and terminals have clocks of their own. */
  readonly stdout: Writable | null;
  readonly syslog: Syslog | null;
}

/** Opens the log. Winston is loaded here, so that a command that logs nothing does not wait for it. */
export async function openLog({ stdout, syslog }: LogOptions): Promise<Log> {
  const { config, createLogger, format, transports } = (await import('winston')).default;
  const outputs: InstanceType<typeof transports.Stream>[] = [];
  if (stdout !== null) {
    // Whoever read our output may go away (`portsentry | head`); the detection goes on.
    stdout.on('error', () => {});
    outputs.push(new transports.Stream({ stream: stdout, eol: '\n' }));
  }
  if (syslog !== null) outputs.push(new transports.Stream({ stream: streamOf(syslog), eol: '' }));
  const logger = createLogger({
    levels: config.syslog.levels,
    level: 'notice',
    format: format.printf(({ message }) => String(message)),
    transports: outputs,
    silent: outputs.length === 0,
  });
  let closed = false;
  return {
    line(text) {
      if (!closed) logger.log('notice', oneLine(text));
    },
    async close() {
      if (closed) return;
      closed = true;
      const finished = outputs.map((output) => once(output, 'finish'));
      logger.end();
      await Promise.all(finished);
      await syslog?.close();
    },
  };
}

function streamOf(syslog: Syslog): Writable {
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      syslog.write(line);
      done();
    },
  });
}
