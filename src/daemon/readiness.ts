import { CommandError, Exit } from '../preflight/exit.ts';

/** What readiness depends on, and where it reports to. */
export interface ReadinessParts {
  readonly verbose: boolean;
  /** Whether a mode in force cannot work without capture; a reload may change the answer. */
  readonly needsCapture: () => boolean;
  /** Called once, when the daemon begins to listen. */
  readonly onListening: () => void;
  /** Gets one line for the administrator. */
  readonly tell: (text: string) => void;
}

/**
 * Whether the daemon listens, and on which interfaces. A capture that fails before the daemon listens ends the start;
 * a later failure is reported, and the daemon goes on.
 */
export class Readiness {
  /** Resolves when the daemon listens; rejects with a CommandError (77, 69) when needed capture cannot start. */
  readonly listening: Promise<void>;
  readonly #parts: ReadinessParts;
  #interfaces: readonly string[] = [];
  #isListening = false;
  #doesWithoutCapture = false;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
    this.listening = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** The interfaces that capture was last opened on. */
  get interfaces(): readonly string[] {
    return this.#interfaces;
  }

  /** True from a reported failure of capture until capture works again, if the modes can do without it. */
  get doesWithoutCapture(): boolean {
    return this.#doesWithoutCapture;
  }

  /** Capture is open on these interfaces; with none, the daemon listens without capture. */
  ready(interfaces: readonly string[]): void {
    const { verbose, tell, onListening } = this.#parts;
    const names = interfaces.join(', ');
    this.#interfaces = interfaces;
    if (interfaces.length > 0) this.#doesWithoutCapture = false;
    if (this.#isListening) {
      if (verbose) tell(`Capture goes on on ${names}.`);
      return;
    }
    this.#isListening = true;
    if (verbose && interfaces.length > 0) tell(`Listening on ${names}.`);
    onListening();
    this.#resolve();
  }

  /** Capture stopped or could not start; the caller tries again. */
  captureFailed(reason: string, permission: boolean): void {
    const { needsCapture, tell } = this.#parts;
    if (this.#isListening) {
      // The modes that can do without capture need no report of each further attempt.
      if (this.#doesWithoutCapture) return;
      this.#doesWithoutCapture = !needsCapture();
      tell(`Capture stopped: ${reason}; it is started again.`);
    } else if (needsCapture()) {
      this.#reject(new CommandError(permission ? Exit.noPermission : Exit.unavailable, reason));
    } else {
      this.#doesWithoutCapture = true;
      tell(`Nothing is captured, so connects that are reset at once have no name: ${reason}.`);
      this.ready([]);
    }
  }
}
