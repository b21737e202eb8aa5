import { once } from 'node:events';
import { Writable } from 'node:stream';
import { oneLine } from './one-line.ts';
import type { Syslog } from './syslog.ts';

/** The log that people and programs read: lines of text. */
export interface Log {
  line(text: string): void;
  /** Resolves when every line is written or given up. Later lines are dropped. */
  close(): Promise<void>;
}

/** The outputs of the log; null for none. */
export interface LogOptions {
  /** Receives the lines without a time, because systemd and containers add theirs. */
  readonly stdout: Writable | null;
  readonly syslog: Syslog | null;
}

/** Opens the log. Loads winston only here, so that a command without a log does not wait for it. */
export async function openLog({ stdout, syslog }: LogOptions): Promise<Log> {
  const { config, createLogger, format, transports } = (await import('winston')).default;
  const outputs: InstanceType<typeof transports.Stream>[] = [];
  if (stdout !== null) {
    // The reader of our output may end (`portsentry | head`); detection goes on.
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
