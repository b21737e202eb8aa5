import type { Lab } from './lab.ts';
import type { Host } from './lab-host.ts';

const SOCKET = '/run/tmux';
const TITLE = 'view';

/** A terminal of a host: a shell in tmux, whose screen can be read. It ends with its host. */
export class Tmux {
  readonly #lab: Lab;
  readonly #host: Host;

  private constructor(lab: Lab, host: Host) {
    this.#lab = lab;
    this.#host = host;
  }

  /** Starts a shell with a short prompt in a terminal of this size. `program` is what `portsentry` stands for there. */
  static async open(
    lab: Lab,
    host: Host,
    { columns = 100, rows = 30, program = '' }: { columns?: number; rows?: number; program?: string } = {},
  ): Promise<Tmux> {
    const tmux = new Tmux(lab, host);
    const size = ['-x', String(columns), '-y', String(rows)];
    await tmux.run('-f', '/dev/null', 'new-session', '-d', '-s', TITLE, ...size, 'env PS1="$ " bash --norc');
    await tmux.shows(/^\$ *$/m);
    await tmux.type(`alias portsentry="${process.execPath} ${program}"; clear`, 'Enter');
    await lab.waitFor(async () => /^\$ *$/.test((await tmux.screen()).trim()));
    return tmux;
  }

  /** Presses keys: names of tmux, such as Enter or C-c, or texts. */
  type(...keys: string[]): Promise<string> {
    return this.run('send-keys', '-t', TITLE, ...keys);
  }

  /** Changes the size of the terminal. */
  resize(columns: number, rows: number): Promise<string> {
    return this.run('resize-window', '-t', TITLE, '-x', String(columns), '-y', String(rows));
  }

  /** What stands on the screen, without blanks at the ends of lines. `escapes` keeps the colours. */
  async screen(escapes = false): Promise<string> {
    return this.run('capture-pane', '-p', '-t', TITLE, ...(escapes ? ['-e'] : []));
  }

  /** The value of a format of tmux, such as `#{alternate_on}`. */
  async value(format: string): Promise<string> {
    return (await this.run('display-message', '-p', '-t', TITLE, format)).trim();
  }

  /** Resolves to the screen when it matches. */
  async shows(pattern: RegExp): Promise<string> {
    let screen = '';
    try {
      await this.#lab.waitFor(async () => {
        screen = await this.screen();
        return pattern.test(screen);
      });
    } catch {
      throw new Error(`no ${pattern} on the screen:\n${screen}`);
    }
    return screen;
  }

  /** A command of tmux. */
  async run(...command: string[]): Promise<string> {
    const { stdout, stderr, code } = await this.#lab.run(this.#host, ['tmux', '-S', SOCKET, ...command]);
    if (code !== 0) throw new Error(`tmux ${command.join(' ')}: ${stderr}`);
    return stdout;
  }
}
