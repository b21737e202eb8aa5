import { Exit } from '../preflight/exit.ts';

/** Where a command writes that may have much to say. */
export interface CommandOutput {
  /** Resolves when the text has gone: who reads slowly holds up the command, and fills no memory. */
  stdout(text: string): Promise<void>;
  stderr(text: string): void;
}

/** This process's own streams. A reader that goes away (`portsentry list | head`) ends the program. */
export function standardStreams(): CommandOutput {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? Exit.ok : Exit.ioError);
  });
  return {
    stdout: (text) => new Promise((resolve) => process.stdout.write(text, () => resolve())),
    stderr: (text) => process.stderr.write(text),
  };
}
